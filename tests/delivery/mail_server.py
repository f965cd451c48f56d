"""A real SMTP server for the tests: aiosmtpd with TLS and AUTH.

Prints its port as a line of JSON, writes what it sees as lines of JSON into a
file, and ends when its standard input does, so that it never outlives a test.

What the part of a recipient before the @ asks for:
    unknown  refused for good at RCPT        busy    refused for now at RCPT
    silent   RCPT is never answered          spam    refused for good after DATA
    lost     the connection ends after DATA  hang    DATA is never answered
    echo     refused, with address, code and password said back
"""

import argparse
import asyncio
import base64
import collections
import json
import re
import ssl
import sys

try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError:
    print("aiosmtpd is missing: apt-get install python3-aiosmtpd", file=sys.stderr)
    sys.exit(3)

options = argparse.ArgumentParser()
options.add_argument("--tls", choices=["implicit", "starttls", "none"], required=True)
options.add_argument("--certificate")
options.add_argument("--key")
options.add_argument("--user")
options.add_argument("--password")
options.add_argument("--tokens", help="a file of the tokens that are good now")
options.add_argument("--log", required=True)
options.add_argument("--smtputf8", action="store_true")
args = options.parse_args()


def log(**event):
    with open(args.log, "a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\n")


async def never():
    await asyncio.Event().wait()


class Desk:
    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.split("@")[0]
        if local == "unknown":
            return f"550 5.1.1 <{address}>: no such user here"
        if local == "busy":
            return "450 4.2.1 mailbox busy, try later"
        if local == "silent":
            await never()
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        log(
            event="message",
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            mail_options=envelope.mail_options,
            tls=session.ssl is not None or args.tls == "implicit",
            content=envelope.content.decode("utf-8"),
        )
        local = envelope.rcpt_tos[0].split("@")[0]
        if local == "spam":
            return "554 5.7.1 message refused as spam"
        if local == "echo":
            code = re.search(r"^[0-9]{6}\r?$", envelope.content.decode("utf-8"), re.M)
            return f"554 5.7.1 {envelope.rcpt_tos[0]} {code.group().strip()} {args.password}"
        if local == "lost":
            server.transport.abort()
            await never()
        if local == "hang":
            await never()
        return "250 2.0.0 OK: queued as TEST4Yx1Zk"


class Roomy(SMTP):
    """Tokens are long: RFC 4954, section 4."""

    command_size_limits = collections.defaultdict(lambda: 12288)
    line_length_limit = 12288


class TokenDesk(Desk):
    """XOAUTH2 as Google documents it: a refused token is answered by a
    challenge that holds the reason, and then by 535."""

    async def auth_XOAUTH2(self, server, words):
        fields = base64.b64decode(words[1]).decode().split("\x01")
        user, token = fields[0].removeprefix("user="), fields[1].removeprefix("auth=Bearer ")
        with open(args.tokens, encoding="utf-8") as file:
            right = user == args.user and token in file.read().split()
        log(event="login", user=user, right=right, mechanism="XOAUTH2")
        if not right:
            await server.challenge_auth('{"status":"400","schemes":"Bearer"}')
        return AuthResult(success=right, handled=False)


def authenticate(server, session, envelope, mechanism, data):
    user, password = data.login.decode(), data.password.decode()
    right = user == args.user and password == args.password
    log(event="login", user=user, right=right, mechanism=mechanism)
    return AuthResult(success=right, handled=False)


def session_of(context):
    def make():
        log(event="connection")
        return Roomy(
            TokenDesk() if args.tokens else Desk(),
            hostname="mail.test",
            enable_SMTPUTF8=args.smtputf8,
            tls_context=context if args.tls == "starttls" else None,
            require_starttls=args.tls == "starttls",
            authenticator=authenticate if args.user else None,
            auth_exclude_mechanism=["PLAIN", "LOGIN"] if args.tokens else [],
            auth_required=bool(args.user),
            auth_require_tls=args.tls == "starttls",
        )

    return make


async def main():
    context = None
    if args.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.certificate, args.key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        session_of(context),
        host="127.0.0.1",
        port=0,
        ssl=context if args.tls == "implicit" else None,
    )
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
