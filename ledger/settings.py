"""Settings: from `LEDGER_…` variables, or a TOML file named by LEDGER_CONFIG; variables win."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from ledger.domain.ledger_opened import PARTITIONS_MAX
from ledger.transparency.balances_note import need_log_origin
from ledger.transparency.failures import Malformed

_LEDGER_ID: Final = re.compile("[!-~]{1,255}")


class Settings(BaseSettings):
    """Everything that can be set. Databases are URLs such as postgresql://user:password@host:5432/name."""

    model_config = SettingsConfigDict(env_prefix="LEDGER_", extra="ignore")

    database: str = ""
    """The event store, as role ledger_service."""
    owner_database: str = ""
    """The event store, as the owner role: only `migrate` uses it."""
    keys_database: str = ""
    """Keys of persons, as role ledger_service. Backed up apart from everything else."""
    owner_keys_database: str = ""
    read_database: str = ""
    """The projections, as role ledger_reader: it cannot read the event store."""
    projector_database: str = ""
    """The projections, as role ledger_projector: what `consume` and `rebuild` write with."""
    owner_read_database: str = ""
    relay_database: str = ""
    """The event store, as role ledger_relay: it reads events and holds a lease, nothing else."""

    log_keeper_database: str = ""
    """The event store, as role ledger_log_keeper: it reads events and writes tiles and checkpoints of the log."""
    log_origin: str = "volunteer-hours.localhost/log"
    """Begins the name of each partition's log, `<log_origin>/<partition>`; a URL without scheme, the same for ever."""
    signer_folder: str = ""
    """Where the log's keys are, and what was signed last: never backed up or restored with the event store."""
    witnesses: str = ""
    """Who cosigns a checkpoint before it is published: each witness's submission URL and then its verifier keys, or
    @FILE with one a line; one witness a line or after a comma (in TOML also a list)."""
    witnesses_required: Annotated[int, Field(ge=0)] = 0
    """How many of them must cosign."""
    witnesses_fallback: Literal["hold", "publish"] = "hold"
    """Without so many: nothing is published, or it is published without them after some seconds, and told."""
    witnesses_fallback_seconds: Annotated[float, Field(gt=0)] = 60.0

    access_database: str = ""
    """The ledger of accesses (`docs/access-ledger.md`), as role ledger_service."""
    owner_access_database: str = ""
    access_relay_database: str = ""
    access_log_keeper_database: str = ""
    access_signer_folder: str = ""
    """Where the keys of its log are, as `signer_folder`."""
    access_witnesses: str = ""
    """Who cosigns its checkpoints, as `witnesses`."""
    access_witnesses_required: Annotated[int, Field(ge=0)] = 0
    access_topic: str = "volunteer-hours.access"
    access_partitions: Annotated[int, Field(ge=1, le=PARTITIONS_MAX)] = 1

    kafka: str = ""
    """Bootstrap servers, host:port."""
    topic: str = "volunteer-hours.events"
    consumer_group: str = "volunteer-hours.projections"

    ledger_id: str = "volunteer-hours"
    """Stands in every event as its source; the same for ever."""
    partitions: Annotated[int, Field(ge=1, le=PARTITIONS_MAX)] = 1
    """Fixed when the ledger is opened; later a different number stops the service."""

    grpc_address: str = "127.0.0.1:50051"
    http_address: str = "127.0.0.1:8080"
    production: bool = False
    """Refuse to start with anything that is only good for trying: reflection, no TLS, secrets that are examples."""
    reflection: bool = True
    insecure: bool = False
    """Serve without TLS on an address that is not loopback: a proxy in front ends it. Warned about at every start."""
    maximum_concurrent_rpcs: Annotated[int, Field(ge=1)] = 2048
    """Calls under way in one process, of all clients together; half of them may watch."""
    quota_calls_per_second: Annotated[int, Field(ge=0)] = 2_000
    """Of one client, in one process, after a burst of two seconds' worth; a message of a stream counts as a call. 0: no
    limit, as for the other quotas."""
    quota_bytes_per_second: Annotated[int, Field(ge=0)] = 32 * 1024 * 1024
    """Of one client's requests."""
    quota_streams: Annotated[int, Field(ge=0)] = 64
    """Streams that one client may have open in one process."""

    live_streams_max: Annotated[int, Field(ge=1)] = 30_000
    """Devices that attend live sessions by a stream to one process; beside the calls under way."""

    tls_certificate: str = ""
    """File (PEM) of the server's certificate and those between it and its authority; read again when it changes."""
    tls_key: str = ""
    """File (PEM) of the certificate's private key."""
    tls_client_ca: str = ""
    """File (PEM) of authorities: callers of gRPC must then show a certificate that one of them signed."""
    token_issuer: str = ""
    """Who issues access tokens, exactly as `iss` says it."""
    token_audience: str = ""
    """What a token must be for (`aud`)."""
    token_jwks: str = ""
    """The issuer's public keys (RFC 7517): a file, or an https URL (http only to this machine)."""
    token_algorithms: str = "ES256,Ed25519,EdDSA,PS256,RS256"
    """How tokens may be signed; with commas between. Never what a token wishes."""
    token_leeway_seconds: Annotated[float, Field(ge=0, le=300)] = 30.0
    """How far the issuer's clock may be from ours."""
    first_clients: str = ""
    """Clients that are let in before any is registered: NAME or NAME=SHA256 of its certificate, with commas between.
    They may do all that an administrator may: for the first start alone."""

    request_hash_key: SecretStr = SecretStr("")
    """Under it request bodies are compared. The same in all processes, for ever."""
    identity_key: SecretStr = SecretStr("")
    """Under it identity numbers are made unique. The same in all processes, for ever."""
    master_key_file: str = ""
    """Keys that wrap the keys of persons, NAME:KEY a line; the first wraps (`hours-ledger keys --new-master-key`).
    Kept apart from all databases: whoever has it and a copy of the keys opens everything."""
    master_key: SecretStr = SecretStr("")
    """The same lines, with spaces between, where there is no file."""
    relay_key: SecretStr = SecretStr("")
    """Under it the relay signs records on the topic."""
    auditor_token: SecretStr = SecretStr("")
    """The bearer token with which auditors read entry bundles over HTTP; empty: nobody does."""
    answer_keys: SecretStr = SecretStr("")
    """The private keys that sign answers, two lines with a space between (`hours-ledger keys --new-answer-keys`)."""
    statement_issuer: str = ""
    """Who issues statements: an https URL without a path, where their keys and pages are; the same for ever."""
    statement_keys: str = ""
    """File of the issuer's keys (`hours-ledger keys --new-statement-key`), for its owner alone; backed up apart."""
    pages_client: str = ""
    """The client whose tokens people sign in with (docs/pages-for-people.md); empty: there are no pages for people."""
    pages_key: SecretStr = SecretStr("")
    """Under it the cookie of a session is sealed. The same in all processes."""
    pages_origin: str = ""
    """Where browsers find the pages, such as https://hours.example; empty: this machine alone."""
    pages_portals: str = ""
    """Origins that may post a token to /sign-in, with commas between."""
    log_verifier_keys: str = ""
    """File of the verifier keys of all partitions' logs, which pages check statements with; empty: those that are in
    `signer_folder`."""
    key_holders: str = ""
    """File of lines `KEY: staff/id, staff/id`: who holds which key. What it states is recorded at each start."""
    verify_check_digit: bool = True
    """Refuse national identity numbers whose check digit is wrong."""

    @field_validator("witnesses", "access_witnesses", mode="before")
    @classmethod
    def _one_a_line(cls, given: object) -> object:
        return "\n".join(map(str, given)) if isinstance(given, list) else given

    @field_validator("log_origin")
    @classmethod
    def _begins_the_name_of_a_log(cls, value: str) -> str:
        # Checked for the longest name it can get: a partition more must not make a name that no note can hold.
        try:
            need_log_origin(f"{value}/{PARTITIONS_MAX - 1}", "with /<partition> behind it")
        except Malformed as wrong:
            raise ValueError(str(wrong)) from wrong
        return value

    @field_validator("ledger_id")
    @classmethod
    def _names_a_ledger(cls, value: str) -> str:
        if _LEDGER_ID.fullmatch(value) is None:
            raise ValueError("must be 1 to 255 ASCII characters without spaces: it is the source of every event")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then variables, then the TOML file."""
        config = os.environ.get("LEDGER_CONFIG")
        toml = (TomlConfigSettingsSource(settings_cls, Path(config)),) if config else ()
        return (init_settings, env_settings, *toml)


class WrongSetting(Exception):
    """The service refuses to start; the message names the setting and what it should be."""
