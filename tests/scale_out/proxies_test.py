# SPDX-License-Identifier: Apache-2.0
"""What pairers have from the proxies' topic: why a side of a request is missing, and who was at the other end."""
import asyncio
import time

import proxy
from on_a_broker import PROXIES, GuardedBroker, OnABroker
from over_kafka import PARTITIONS
from proxy import Proxy, entry, identifier, message
from stage import wait_until

# pipeline.h: a stream that is not older says nothing of connections that are.
WARM_UP_SECONDS = 10
# A receiver that is not heard for half a minute is dead, and holds one-sided records back until then.
DEAD_SECONDS = 50
CALLER = ("caller-0", "10.8.8.8")
ADDRESSES = {"steady": "10.9.9.1", "doomed": "10.9.9.2", "stranger": "10.9.9.3"}  # of servers, of which none sends its side


async def opened(one, pod, ip, workload="ghost"):
    stream = one.stream()
    await stream.write(identifier(pod, ip, workload=workload))
    return stream


class Proxies(OnABroker):
    make_broker = GuardedBroker

    def test_a_missing_side_has_its_reason_and_its_name_from_the_topic(self):
        receivers = [self.start("receiver", n).ready() for n in (1, 2)]
        pairers = [self.start("pairer", 1).ready()]
        wait_until("it owns all", lambda: pairers[0].of("partitions") == PARTITIONS)
        proxy.run(self.play(receivers, pairers))
        found = {record["request"]["path"]: record for pairer in pairers for record in pairer.records()}
        self.assertEqual({path: record["orphanReason"] for path, record in found.items()}, {
            "/steady/early": "DrainingConnection", "/stranger/early": "PeerNotTapped",
            "/steady/late": "NeverArrived", "/doomed/late": "LostInBuffer"})
        names = {path: record["destination"]["name"] for path, record in found.items()}
        self.assertEqual(names, {"/steady/early": "steady", "/stranger/early": ADDRESSES["stranger"],
                                 "/steady/late": "steady", "/doomed/late": "doomed"})
        self.assertEqual({found[f"/{server}/late"]["destination"]["namespace"] for server in ("steady", "doomed")}, {"shop"})

    async def play(self, receivers, pairers):
        """The caller's proxy sends its side of each request, by way of the receiver that stays."""
        async with Proxy(receivers[0]) as staying, Proxy(receivers[1]) as dying:
            began = time.monotonic()
            streams = [await opened(one, f"{server}-0", ADDRESSES[server], server)
                       for one, server in ((staying, "steady"), (dying, "doomed"))]
            caller = await opened(staying, *CALLER)
            await self.known(pairers[0], 3)
            await self.call(caller, "early", "steady", "stranger")
            await self.written(pairers, 2, 20)
            await self.call(caller, "late", "doomed")
            await asyncio.sleep(0.2)
            receivers[1].kill()
            # Its proxy finds the other receiver.
            streams.append(await opened(staying, "doomed-0", ADDRESSES["doomed"], "doomed"))
            # Another pairer, who has it all from the topics.
            pairers.append(self.start("pairer", 2).ready())
            await self.known(pairers[1], 4)
            self.assertEqual(pairers[0].stop(), 0)
            await asyncio.sleep(max(0, began + WARM_UP_SECONDS - time.monotonic()))
            await self.call(caller, "late", "steady")
            await self.written(pairers, 4, DEAD_SECONDS)

    @staticmethod
    async def call(caller, when, *servers):
        await caller.write(message(*(entry(f"/{server}/{when}", client=True, to=ADDRESSES[server], meshed=True) for server in servers)))

    @staticmethod
    async def until(*condition):
        await asyncio.get_running_loop().run_in_executor(None, wait_until, *condition)

    async def known(self, pairer, proxies):
        await self.until("it knows the proxies", lambda: pairer.of("proxies") == proxies)

    async def written(self, pairers, records, seconds):
        await self.until(f"{records} records", lambda: sum(len(one.records()) for one in pairers) == records, seconds)

    def test_a_topic_that_does_not_fit_or_is_forbidden_is_named_with_what_to_do(self):
        nowhere, kept, forbidden = (f"{PROXIES}.{word}" for word in ("nowhere", "kept", "forbidden"))
        self.broker.create(kept, 1)
        self.broker.create(forbidden, 1, cleanup_policy="compact")
        self.broker.allow_only(forbidden, "Describe", "DescribeConfigs")
        faults = [(nowhere, role, f'"{nowhere}" does not exist; create it') for role in ("receiver", "pairer")]
        faults += [(kept, role, "cleanup.policy=delete: set it to compact") for role in ("receiver", "pairer")]
        faults += [(forbidden, "receiver", f"allow this user to write to topic {forbidden}"),
                   (forbidden, "pairer", f"allow this user to read topic {forbidden}")]
        processes = [self.start(role, number, "--shuffle-proxies", topic, "--shuffle-group", f"wrong-{number}")
                     for number, (topic, role, _) in enumerate(faults)]
        for process, (topic, role, words) in zip(processes, faults):
            with self.subTest(role=role, topic=topic):
                wait_until(f"{process.name} says what is wrong", lambda p=process, w=words: w in p.readyz()[1])
                self.assertEqual(process.readyz()[0], 503)
        # The topic that was missing is there at last.
        self.broker.create(nowhere, 1, cleanup_policy="compact")
        processes[0].ready()
