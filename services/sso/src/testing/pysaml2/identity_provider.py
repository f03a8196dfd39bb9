"""An identity provider by pysaml2: takes a JSON object a line, and answers each with one."""

import json
import os
import sys
from functools import partial
from unittest.mock import patch

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, entity, sigver
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.s_utils import rndstr
from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, NameID
from saml2.server import Server
from saml2.sigver import verify_redirect_signature
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

folder, entity_id = sys.argv[1:]
known = {"local": [f"{folder}/service-provider.xml"]}
config = IdPConfig().load(
    {
        "entityid": entity_id,
        "xmlsec_binary": os.environ["XMLSEC1"],
        "key_file": f"{folder}/key.pem",
        "cert_file": f"{folder}/certificate.pem",
        "metadata": known,
        "service": {
            "idp": {
                "want_authn_requests_signed": True,
                "signing_algorithm": SIG_RSA_SHA256,
                "digest_algorithm": DIGEST_SHA256,
                "endpoints": {
                    "single_sign_on_service": [(f"{entity_id}/sso", BINDING_HTTP_REDIRECT)],
                    "single_logout_service": [
                        (f"{entity_id}/slo", BINDING_HTTP_REDIRECT),
                        (f"{entity_id}/slo", BINDING_HTTP_POST),
                    ],
                },
                "name_id_format": [NAMEID_FORMAT_EMAILADDRESS],
            }
        },
    }
)
provider = Server(config=config)


def person_of(asked):
    return NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=asked.get("name_id", "ada@example.com"))


def signature_of(query):
    return {
        "relay_state": query.get("RelayState"),
        "sigalg": query.get("SigAlg"),
        "signature": query.get("Signature"),
    }


def by_aes_gcm():
    """Has xmlsec1 encrypt by AES-GCM; pysaml2 has no setting for that."""
    template = partial(sigver.pre_encryption_part, msg_enc="http://www.w3.org/2009/xmlenc11#aes256-gcm")
    original = provider.sec.crypto.encrypt_assertion

    def encrypt(statement, key, template, key_type, *more, **named):
        return original(statement, key, template, "aes-256", *more, **named)

    return patch.object(entity, "pre_encryption_part", template), patch.object(
        provider.sec.crypto, "encrypt_assertion", encrypt
    )


def login_by_aes_gcm(asked):
    template, encrypt = by_aes_gcm()
    with template, encrypt:
        return login(asked)


def know(_):
    if not provider.reload_metadata(known):
        raise ValueError("The metadata could not be read")
    return {}


def metadata(_):
    return {"xml": str(entity_descriptor(config))}


def login(asked):
    query = asked["query"]
    request = provider.parse_authn_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT, **signature_of(query))
    response = provider.create_authn_response(
        {"mail": [asked.get("name_id", "ada@example.com")], "displayName": ["Ada Łovelace & more"]},
        userid="ada",
        name_id=person_of(asked),
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": entity_id},
        sign_response=asked["sign_response"],
        sign_assertion=asked["sign_assertion"],
        encrypt_assertion=asked["encrypt"],
        **provider.response_args(request.message),
    )
    return {"xml": str(response)}


def answer_logout(asked):
    query = asked["query"]
    request = provider.parse_logout_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT, **signature_of(query))
    answer = provider.create_logout_response(request.message, [BINDING_HTTP_REDIRECT])
    sent = provider.apply_binding(
        BINDING_HTTP_REDIRECT,
        str(answer),
        asked["destination"],
        relay_state=query.get("RelayState", ""),
        response=True,
        sign=True,
        sigalg=SIG_RSA_SHA256,
    )
    return {"name_id": request.message.name_id.text, "location": dict(sent["headers"])["Location"]}


def ask_logout(asked):
    # In a URL the signature is in the query.
    redirect = asked.get("redirect", False)
    id, request = provider.create_logout_request(
        asked["destination"],
        issuer_entity_id=entity_id,
        name_id=person_of(asked),
        session_indexes=asked.get("session_indexes", ["session-1"]),
        sign=not redirect,
        sign_alg=SIG_RSA_SHA256,
        digest_alg=DIGEST_SHA256,
        message_id=f"id-{rndstr()}",
    )
    if not redirect:
        return {"xml": str(request), "id": id}
    sent = provider.apply_binding(
        BINDING_HTTP_REDIRECT, str(request), asked["destination"], sign=True, sigalg=SIG_RSA_SHA256
    )
    return {"location": dict(sent["headers"])["Location"], "id": id}


def read_logout_answer(asked):
    """What the service provider says of a logout that was begun here; an error where nothing trusted has signed it."""
    query = asked["query"]
    (certificate, *_) = provider.metadata.certs(asked["audience"], "spsso", "signing")
    if not verify_redirect_signature(query, provider.sec.sec_backend, certificate[1]):
        raise ValueError("The signature of the query is not good")
    answer = provider.parse_logout_request_response(query["SAMLResponse"], BINDING_HTTP_REDIRECT)
    return {
        "in_response_to": answer.response.in_response_to,
        "status": answer.response.status.status_code.value,
        "destination": answer.response.destination,
    }


for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = globals()[asked["do"]](asked)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
