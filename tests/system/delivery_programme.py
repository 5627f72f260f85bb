"""A served ledger with a receiver of its hours, for tests. Persons and receivers are synthetic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import grpc
from google.protobuf.message import Message

from ledger.access.caller import Role
from tests.system.acting import acting_as
from tests.system.grpc_caller import DEADLINE_SECONDS, request_id, with_id
from tests.system.published_hours import Publisher
from volunteer_hours.v1 import access_service_pb2 as access
from volunteer_hours.v1 import delivery_service_pb2 as pb
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1.values_pb2 import EvidenceClass

RECEIVER, PURPOSE = "receiver", "records"
MINISTRY = "subscriptions/ministry"
DAY_SECONDS = 86_400


def as_receiver(client: str = RECEIVER, purpose: str = PURPOSE) -> tuple[tuple[str, str], ...]:
    """What a call of the receiver's system carries."""
    return acting_as("staff/receiver", client=client, roles=(Role.GOVERNMENT_READER,), purpose=purpose)


def receiving(client_id: str = RECEIVER) -> access.RegisterClientRequest:
    """Lets the receiver's system call."""
    terms = access.ClientTerms(
        system_name="synthetic receiver", delegated_roles=[access.ROLE_GOVERNMENT_READER], purposes=[PURPOSE]
    )
    return access.RegisterClientRequest(client_id=client_id, terms=terms)


def limits(**fields) -> pb.DeliveryLimits:
    """By default anything is taken, and a day without progress is an alarm."""
    return pb.DeliveryLimits(**{"stall_after_seconds": DAY_SECONDS, **fields})


@dataclass
class Books:
    """What a receiver has taken: pieces by their id."""

    pieces: dict[str, pb.DeliveryPiece] = field(default_factory=dict)

    def take(self, pieces: Iterable[pb.DeliveryPiece]) -> None:
        for piece in pieces:
            assert piece.piece not in self.pieces, f"{piece.piece} came twice"
            self.pieces[piece.piece] = piece

    @property
    def seconds(self) -> int:
        return sum(piece.seconds for piece in self.pieces.values())

    def classes(self) -> dict[int, int]:
        """Class → seconds: of the pieces, those into it less those out of it."""
        sums: Counter[int] = Counter()
        for piece in self.pieces.values():
            sums[piece.to_class] += piece.seconds
            sums[piece.from_class] -= piece.seconds
        return {number: sums[number] for number in EvidenceClass.values() if number}


class Receiving(Publisher):
    """Everybody around a subscription: the authority, the receiver, and who records hours."""

    def __init__(self, channel: grpc.Channel, address: str, partitions: int) -> None:
        super().__init__(channel, address, partitions)
        self.channel = channel

    def call(self, method: str, message: Message | bytes, metadata: tuple[tuple[str, str], ...]) -> bytes:
        """As somebody else. Raises grpc.RpcError."""
        sending: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self.channel.unary_unary(f"/volunteer_hours.v1.{method}")
        body = message if isinstance(message, bytes) else message.SerializeToString()
        return sending(body, metadata=metadata, timeout=DEADLINE_SECONDS)

    def open(self, subscription_id: str = "ministry", organizations: Iterable[str] = (), **fields) -> pb.Subscription:
        request = pb.OpenSubscriptionRequest(
            subscription_id=subscription_id,
            client=f"clients/{RECEIVER}",
            organizations=organizations,
            limits=limits(**fields),
        )
        return self._subscription("OpenSubscription", request)

    def change(self, name: str = MINISTRY, **fields) -> pb.Subscription:
        return self._subscription(
            "UpdateSubscription", pb.UpdateSubscriptionRequest(name=name, limits=limits(**fields))
        )

    def end(self, name: str = MINISTRY) -> pb.Subscription:
        return self._subscription("CloseSubscription", pb.CloseSubscriptionRequest(name=name))

    def _subscription(self, method: str, request: Message) -> pb.Subscription:
        told = pb.Subscription.FromString(self.client.send(f"DeliveryService/{method}", with_id(request)))
        self.seen += told.positions
        return told

    def pull(self, name: str = MINISTRY, **fields) -> pb.DeliveryPage:
        request = pb.PullRequest(name=name, positions=self.seen, **fields)
        return pb.DeliveryPage.FromString(self.call("DeliveryService/Pull", request, as_receiver()))

    def acknowledge(self, page: pb.DeliveryPage, refused: dict[str, str] | None = None) -> pb.Acknowledgement:
        return self.send(acknowledging(page, refused))

    def send(self, request: pb.AcknowledgeRequest) -> pb.Acknowledgement:
        told = pb.Acknowledgement.FromString(self.call("DeliveryService/Acknowledge", request, as_receiver()))
        self.seen += told.positions
        return told

    def take_all(self, books: Books, name: str = MINISTRY, **fields) -> list[pb.DeliveryPage]:
        """Page after page until there is nothing more."""
        pages: list[pb.DeliveryPage] = []
        while (page := self.pull(name, **fields)).HasField("upto"):
            books.take(page.pieces)
            self.acknowledge(page)
            pages.append(page)
        return pages

    def lag(self, name: str = MINISTRY) -> pb.DeliveryLag:
        request = pb.GetLagRequest(name=name, positions=self.seen)
        return pb.DeliveryLag.FromString(self.client.send("DeliveryService/GetLag", request))

    def refusals(self, name: str = MINISTRY) -> list[pb.OpenPiece]:
        request = pb.ListRefusalsRequest(parent=name, positions=self.seen)
        answer = self.client.send("DeliveryService/ListRefusals", request)
        return list(pb.ListRefusalsResponse.FromString(answer).open_pieces)

    def stream(self, name: str = MINISTRY, **fields) -> Iterator[pb.DeliveryPage]:
        call: grpc.UnaryStreamMultiCallable[pb.SubscribeRequest, bytes] = self.channel.unary_stream(
            "/volunteer_hours.v1.DeliveryService/Subscribe", pb.SubscribeRequest.SerializeToString
        )
        request = pb.SubscribeRequest(name=name, positions=self.seen, **fields)
        for body in call(request, metadata=as_receiver(), timeout=DEADLINE_SECONDS):
            yield pb.DeliveryPage.FromString(body)

    def summed(self) -> dict[int, int]:
        """Class → seconds, as SummarizeHours tells them."""
        question = hours.SummarizeHoursRequest(group_by=hours.SUMMARY_DIMENSION_OPPORTUNITY, positions=self.seen)
        told = hours.SummarizeHoursResponse.FromString(self.client.send("HoursService/SummarizeHours", question))
        names = {number: name.removeprefix("EVIDENCE_CLASS_").lower() for name, number in EvidenceClass.items()}
        return {number: getattr(told.total, f"{name}_seconds") for number, name in names.items() if number}


def acknowledging(page: pb.DeliveryPage, refused: dict[str, str] | None = None) -> pb.AcknowledgeRequest:
    """Everything of a page, but for what is refused."""
    request = pb.AcknowledgeRequest(
        request_id=request_id(),
        name=page.subscription,
        after=page.after,
        upto=page.upto,
        limits_version=page.limits_version,
        piece_count=page.piece_count,
        seconds=page.seconds,
    )
    for piece, reason in (refused or {}).items():
        request.refused.add(piece=piece, reason=reason)
    return request
