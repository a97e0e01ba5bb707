# SPDX-License-Identifier: Apache-2.0
"""A network, or a Redis, that is there and does not do what it should: slow, silent, cutting.
Nobody waits for it but the publisher, and that one not for ever.
"""

import rig
from harness import check
from proxy import Proxy
from server import until

KEY = "acd:{alpha}:events"
SILENCE = "answer|silen|time|patien"


def play(world, act, rate=rig.RATE):
    """@act(floor, proxy, redis) under load; what then has to be true."""
    redis = world.server().start()
    proxy = world.closing(Proxy(redis.tcp))
    with world.floor(proxy.address) as floor:
        floor.start(rate)
        floor.until_begun()
        begin = floor.mark()
        act(floor, proxy, redis)
        end = floor.mark()
        floor.until_fed()
        floor.settle(redis, served=(begin, end))


def gets_on(redis, count=50):
    before = redis("XLEN", KEY)
    until(lambda: redis("XLEN", KEY) >= before + count, "Redis gets entries again")


def case_stopped(world):
    """SIGSTOP: connected, and no answer. Short enough to be waited for."""
    def act(floor, _proxy, redis):
        redis.pause()
        try:
            floor.until_served(floor.mark(), 3 * rig.RATE)
            until(lambda: floor.redis()["lag_events"] > 0, "Redis is behind")
        finally:
            redis.resume()
        gets_on(redis)

    play(world, act)


def case_crawling(world):
    """So slow that a round takes longer than an answer is waited for: it gets there."""
    redis = world.server().start()
    proxy = world.closing(Proxy(redis.tcp))
    with world.floor(proxy.address) as floor:
        floor.loads["alpha"].burst(50)
        floor.until_fed()
        before = floor.metrics()["redis_errors_total"]
        proxy.slow(80000)
        floor.loads["alpha"].burst(6000)
        until(lambda: floor.is_fed(floor.redis()), "Redis has everything: %s", floor.redis(),
              deadline_s=60)
        check(floor.metrics()["redis_errors_total"] == before, "the connection was given up")
        proxy.through()
        floor.settle(redis)


def turns_meanwhile(floor, ms=2500):
    """How often the daemon's loop went round while nothing happened but our questions."""
    questions, begin = 1, floor.status(None, "--metrics")
    while True:
        now = floor.status(None, "--metrics")
        if now["uptime_ms"] >= begin["uptime_ms"] + ms:
            return now["metrics"]["turns_total"] - begin["metrics"]["turns_total"], questions
        questions += 1


def case_no_spinning(world):
    """A round without an answer, and nothing else to do: the daemon waits, and does not look
    again and again. A question is a connection, a request and an end, of a few turns."""
    redis = world.server().start()
    with world.floor(redis.unix) as floor:
        floor.loads["alpha"].burst(50)
        floor.until_fed()
        redis.pause()
        try:
            floor.loads["alpha"].burst(50)
            turns, questions = turns_meanwhile(floor)
        finally:
            redis.resume()
        check(turns <= 20 * questions + 100, "%d turns for %d questions", turns, questions)
        floor.settle(redis)


def case_silent(world):
    """What is sent vanishes: given up in the end, and said so."""
    def act(floor, proxy, redis):
        before = floor.mark()
        proxy.swallow()
        floor.until_told(SILENCE)
        floor.check_logged(before, SILENCE)
        floor.check_counted(before)
        proxy.through()
        gets_on(redis)

    play(world, act)


def case_slow(world):
    """A kilobyte a second: it falls behind, and catches up afterwards."""
    def act(floor, proxy, redis):
        proxy.slow(1000)
        mark = floor.mark()
        floor.until_served(mark, 5 * rig.RATE)
        until(lambda: floor.redis()["lag_events"] > 100, "Redis is behind")
        proxy.through()
        gets_on(redis)

    play(world, act)


def case_slow_but_steady(world):
    """Slower than what happens, for long enough that a round takes seconds: a connection on
    which answers come is not given up."""
    def act(floor, proxy, _redis):
        proxy.slow(20000)
        connects = floor.metrics()["redis_connects_total"]
        before = floor.redis()["published"]
        floor.until_served(floor.mark(), 8 * rig.RATE)
        rig.check(floor.redis()["published"] > before, "nothing gets through")
        rig.check(floor.metrics()["redis_connects_total"] <= connects + 1,
                  "it connects again and again")
        proxy.through()

    play(world, act)


def case_held(world):
    """Nobody reads: the daemon's own buffers fill, and it still serves."""
    def act(floor, proxy, redis):
        proxy.hold()
        floor.until_served(floor.mark(), 3 * rig.RATE)
        until(lambda: floor.redis()["lag_events"] > 100, "Redis is behind")
        proxy.through()
        gets_on(redis)

    play(world, act, 400)


def case_reset(world):
    """Connections cut anywhere: in front of, within and behind commands and answers."""
    def act(floor, proxy, redis):
        for _ in range(20):
            proxy.reset()
            gets_on(redis, 5)

    play(world, act, 400)


def case_half_closed(world):
    """The end of its answers is the end of the connection, whatever it may still hear."""
    def act(floor, proxy, redis):
        before = floor.mark()
        for _ in range(5):
            proxy.half_close()
            gets_on(redis, 5)
        floor.check_counted(before)
        floor.check_logged(before, rig.CUT)

    play(world, act)


def case_refused(world):
    def act(floor, proxy, redis):
        before = floor.mark()
        proxy.refuse()
        floor.until_told(rig.CUT)
        floor.until_served(floor.mark())
        floor.check_logged(before, rig.CUT)
        floor.check_counted(before)
        proxy.through()
        gets_on(redis)

    play(world, act)


if __name__ == "__main__":
    rig.main(globals())
