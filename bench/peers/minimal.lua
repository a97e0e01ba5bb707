-- SPDX-License-Identifier: Apache-2.0
-- The least that assigns: one queue, idle agents in a list, no record, no events.
--
--   submit <job> <score> <skill> <payload>     skill and job are not looked at
--   complete <agent> <job, or nothing> <now>
--
-- Both return the assignment they made (job with its payload, agent), or nothing.

if ARGV[1] == 'submit' then
        local agent = redis.call('RPOP', 'idle')
        if agent then
                return { ARGV[5], agent }
        end
        redis.call('ZADD', 'queue', ARGV[3], ARGV[5])
        return false
end

local first = redis.call('ZPOPMIN', 'queue')
if first[1] then
        return { first[1], ARGV[2] }
end
redis.call('LPUSH', 'idle', ARGV[2])
return false
