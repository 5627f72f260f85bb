"""Names of streams, which are resource names too, and where each stream lives.

    organizations/{o}                                        policies/{p}
    initiatives/{i}                                          periods/{p}
    clients/{c}                                              staff/{m}
    volunteers/{v}                                           volunteers/{v}/attendances/{a}
    volunteers/{v}/requirements/{p}/standings/{q}            volunteers/{v}/statements/{s}
    volunteers/{v}/completions/{c}                           (c: id of the course)
    volunteers/{v}/recognitions/{r}/milestones/{level}       volunteers/{v}/nominations/{n}
    initiatives/{i}/recognitions/{r}/milestones/{level}      recognitions/{r}
    opportunities/{o}                                        opportunities/{o}/shifts/{s}
    opportunities/{o}/shifts/{s}/registrations/{v}           opportunities/{o}/shifts/{s}/groupAttendances/{g}
    opportunities/{o}/shifts/{s}/liveSessions/{l}
    projects/{p}                                             projects/{p}/donations/{d}
    courses/{c}                                              courses/{c}/sessions/{s}
    anomalies/{a}                                            (a: hash of kind, subjects and period)
    subscriptions/{s}
    accesses/{a}        services/{s}                         (in the ledger of accesses alone)

Routing: the first two segments of a stream's name decide its ledger partition, so that a person's attendances lie with
the person and a registration lies with its shift. The rule is written into `ledger-opened`: it never changes.
"""

from __future__ import annotations

import hashlib

ROUTING_RULE = "sha256(first two segments of the stream name), first 8 bytes big-endian, modulo partitions"


def partition_of(stream: str, partitions: int) -> int:
    """The ledger partition of a stream, 0..partitions-1."""
    if partitions == 1:
        return 0
    if stream.startswith("partitions/"):
        return int(stream.split("/")[1])
    routing_key = "/".join(stream.split("/", 2)[:2])
    return int.from_bytes(hashlib.sha256(routing_key.encode()).digest()[:8], "big") % partitions


def ledger_stream(partition: int) -> str:
    """The stream of the ledger's own first event in a partition."""
    return f"partitions/{partition}"


def opportunity_of(name: str) -> str:
    """The opportunity a shift, registration or group attendance belongs to."""
    return "/".join(name.split("/", 2)[:2])


def shift_of(name: str) -> str:
    """The shift a registration, group attendance or live session belongs to."""
    return "/".join(name.split("/", 4)[:4])


def project_of(name: str) -> str:
    """The project a donation is for."""
    return "/".join(name.split("/", 2)[:2])


def course_of(name: str) -> str:
    """The course a training session belongs to."""
    return "/".join(name.split("/", 2)[:2])


def volunteer_of(name: str) -> str:
    """The volunteer an attendance, a standing or a statement belongs to."""
    return "/".join(name.split("/", 2)[:2])


def holder_of(name: str) -> str:
    """Whose an attendance or a milestone is: a person, or of a milestone a team."""
    return "/".join(name.split("/", 2)[:2])


def kind_of(stream: str) -> str:
    """The collections in a stream's name: `volunteers/1/attendances/2` is `volunteers/attendances`."""
    return "/".join(stream.split("/")[::2])


def is_group(name: str) -> bool:
    """Whether an attendance counts heads."""
    return "/groupAttendances/" in name
