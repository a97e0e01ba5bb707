-- SPDX-License-Identifier: Apache-2.0
-- A naive contact distributor: a queue a skill, agents with two skills, the
-- longest idle agent, the highest priority and then the oldest contact, a record a
-- contact, an entry in a stream an assignment.
--
--   submit <job> <score> <skill> <payload>     score: priority, then arrival
--   complete <agent> <job, or nothing> <now>
--
-- Both return the assignment they made (job, agent, payload), or nothing.

local function assign(job, agent, payload)
        redis.call('HSET', 'job:' .. job, 'state', 'assigned', 'agent', agent)
        redis.call('XADD', 'events', 'MAXLEN', '~', 100000, '*',
                'kind', 'assigned', 'job', job, 'agent', agent)
        return { job, agent, payload }
end

local function skills_of(agent)
        return redis.call('HMGET', 'agent:' .. agent, 'first', 'second')
end

local function submit(job, score, skill, payload)
        redis.call('HSET', 'job:' .. job, 'state', 'waiting', 'skill', skill, 'payload', payload)
        local agent = redis.call('ZRANGE', 'idle:' .. skill, 0, 0)[1]
        if not agent then
                redis.call('ZADD', 'queue:' .. skill, score, job)
                return false
        end
        for _, one in ipairs(skills_of(agent)) do
                redis.call('ZREM', 'idle:' .. one, agent)
        end
        return assign(job, agent, payload)
end

local function complete(agent, job, now)
        if job ~= '' then
                redis.call('DEL', 'job:' .. job)
        end
        local skills = skills_of(agent)
        local best, best_score, best_skill
        for _, skill in ipairs(skills) do
                local head = redis.call('ZRANGE', 'queue:' .. skill, 0, 0, 'WITHSCORES')
                local score = tonumber(head[2])
                if score and (not best or score < best_score) then
                        best, best_score, best_skill = head[1], score, skill
                end
        end
        if best then
                redis.call('ZREM', 'queue:' .. best_skill, best)
                return assign(best, agent, redis.call('HGET', 'job:' .. best, 'payload'))
        end
        for _, skill in ipairs(skills) do
                redis.call('ZADD', 'idle:' .. skill, now, agent)
        end
        return false
end

if ARGV[1] == 'submit' then
        return submit(ARGV[2], ARGV[3], ARGV[4], ARGV[5])
end
return complete(ARGV[2], ARGV[3], ARGV[4])
