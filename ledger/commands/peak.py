"""`peak`: have the peak of a live session certified, save what an adjudicator checks, record that one agreed."""

from __future__ import annotations

import uuid
from base64 import b64decode
from pathlib import Path
from typing import Annotated, Final

import typer
from google.protobuf.json_format import MessageToJson

from ledger.commands import arguments, printing
from ledger.commands.connection import connected
from volunteer_hours.v1 import live_session_service_pb2 as pb
from volunteer_hours.v1.live_session_service_pb2_grpc import LiveSessionServiceStub

TIMEOUT_SECONDS: Final = 60.0

application = typer.Typer(
    help="The peak of a live session: certify, show, file, confirm; checked by `verify peak`.", no_args_is_help=True
)

SessionArgument = Annotated[
    str, typer.Argument(metavar="SESSION", help="opportunities/{o}/shifts/{s}/liveSessions/{l}")
]


@application.command()
def certify(
    session: SessionArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Count the peak of a session that has ended, and sign it."""
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        request = pb.CertifyPeakRequest(request_id=str(uuid.uuid4()), name=session)
        stub = LiveSessionServiceStub(channel)
        _show(stub.CertifyPeak(request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS), as_json=as_json)


@application.command()
def show(
    session: SessionArgument,
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """What was certified, and who agreed."""
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        request = pb.GetPeakCertificateRequest(name=session)
        stub = LiveSessionServiceStub(channel)
        _show(stub.GetPeakCertificate(request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS), as_json=as_json)


@application.command()
def file(
    session: SessionArgument,
    out: Annotated[Path, typer.Option("--out", help="The file to write.")],
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Save the certificate with all it rests on, for `verify peak`."""
    caller = arguments.caller(address, actor, language, data_dir)
    written = 0
    with connected(caller) as channel, out.open("wb") as saved:
        stub = LiveSessionServiceStub(channel)
        for piece in stub.GetPeakFile(pb.GetPeakFileRequest(name=session), metadata=caller.metadata):
            written += saved.write(piece.content)
    printing.remarks.print(f"saved {out}, {written:,} bytes; check it with `hours-ledger verify peak {out}`")


@application.command()
def confirm(
    session: SessionArgument,
    verifier_key: Annotated[
        str, typer.Argument(metavar="VERIFIER_KEY", help="As `verify peak --countersign` told it.")
    ],
    signature: Annotated[str, typer.Argument(metavar="SIGNATURE", help="Base64, as it was told.")],
    as_json: arguments.JsonOption = False,
    address: arguments.AddressOption = arguments.ADDRESS_DEFAULT,
    actor: arguments.ActorOption = arguments.ACTOR_DEFAULT,
    data_dir: arguments.IssuerDirOption = None,
    language: arguments.LanguageOption = None,
) -> None:
    """Record that an adjudicator counted again and agrees."""
    try:
        signed = b64decode(signature, validate=True)
    except ValueError as wrong:
        raise typer.BadParameter("the signature must be base64") from wrong
    caller = arguments.caller(address, actor, language, data_dir)
    with connected(caller) as channel:
        request = pb.ConfirmPeakRequest(
            request_id=str(uuid.uuid4()), name=session, verifier_key=verifier_key, signature=signed
        )
        stub = LiveSessionServiceStub(channel)
        _show(stub.ConfirmPeak(request, metadata=caller.metadata, timeout=TIMEOUT_SECONDS), as_json=as_json)


def _show(told: pb.PeakCertificate, *, as_json: bool) -> None:
    if as_json:
        print(MessageToJson(told, preserving_proto_field_name=True, always_print_fields_with_no_presence=True))
        return
    peak, silence = f"{told.peak_participants:,}", told.rule.silence_seconds
    printing.out.print(f"{told.name}: {peak} at once, for {told.peak_seconds:,} s", markup=False)
    if told.peak_participants:
        printing.out.print(f"  from {told.peak_time.ToJsonString()} on; {told.persons:,} persons in all")
    printing.remarks.print(
        f"  silent for more than {silence} s is gone; {len(told.rule.excluded)} test accounts left out"
    )
    for one in told.confirmations:
        printing.out.print(f"  confirmed by {one.verifier_key.split('+')[0]}", markup=False)
