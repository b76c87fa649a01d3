"""Keys, certificates and kubeconfigs.

Knows who the components are to one another. Must not know how they are started.
"""

import datetime as dt
import ipaddress
import json
from base64 import b64encode
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tools.testcluster.layout import API_SERVICE, NODE, Cluster


LIFETIME = dt.timedelta(days=365)
CLIENTS = {
    "admin": ("admin", "system:masters"),
    "controllers": ("system:kube-controller-manager", None),
    "scheduler": ("system:kube-scheduler", None),
    "proxy": ("system:kube-proxy", None),
    "kubelet": (f"system:node:{NODE}", "system:nodes"),
    "coredns": ("system:coredns", None),
}
"""Each client of the API server by the name of its files: its user name and its group."""


def write(cluster: Cluster) -> None:
    """Write a new authority, the certificates it signs, and a kubeconfig for each client."""
    cluster.pki.mkdir(parents=True)
    cluster.pki.chmod(0o700)
    authority = _Authority(cluster.pki)
    names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    addresses = [cluster.node_address, API_SERVICE, "127.0.0.1"]
    authority.issue("apiserver", "kube-apiserver", None, [*names, *addresses])
    for client, (user, group) in CLIENTS.items():
        # the kubelet is a server as well: the API server calls it for logs and exec
        authority.issue(client, user, group, [NODE, cluster.node_address] if client == "kubelet" else [])
        (cluster.pki / f"{client}.conf").write_text(_kubeconfig(cluster, client))
    signing = ec.generate_private_key(ec.SECP256R1())
    _write_key(cluster.pki / "serviceaccounts.key", signing)
    public = signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (cluster.pki / "serviceaccounts.pub").write_bytes(public)


class _Authority:
    """A certificate authority; its own certificate is in ca.crt."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("test cluster", None)
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            self._certificate(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        (folder / "ca.crt").write_bytes(certificate.public_bytes(Encoding.PEM))

    def issue(self, file: str, user: str, group: str | None, hosts: list[str]) -> None:
        """Write a key and a certificate, good for a client and, for the hosts named, for a server."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])
        builder = self._certificate(_name(user, group), key.public_key()).add_extension(usage, critical=False)
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(map(_host, hosts)), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        (self._folder / f"{file}.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
        _write_key(self._folder / f"{file}.key", key)

    def _certificate(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .issuer_name(self._name)
            .subject_name(subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=5))  # tolerates a clock that is set back
            .not_valid_after(now + LIFETIME)
            # Python verifies strictly from 3.13 on, which requires both identifiers.
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


def _name(user: str, group: str | None) -> x509.Name:
    group_part = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
    return x509.Name([*group_part, x509.NameAttribute(NameOID.COMMON_NAME, user)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    # the components read the traditional form in every version; the newer one not for service accounts
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    file.chmod(0o600)


def _kubeconfig(cluster: Cluster, client: str) -> str:
    """Return a kubeconfig that holds its certificates itself, so that it can be copied anywhere. JSON is YAML."""

    def data(file: str) -> str:
        return b64encode((cluster.pki / file).read_bytes()).decode()

    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": cluster.name,
            "contexts": [{"name": cluster.name, "context": {"cluster": cluster.name, "user": client}}],
            "clusters": [
                {
                    "name": cluster.name,
                    "cluster": {"server": cluster.server, "certificate-authority-data": data("ca.crt")},
                }
            ],
            "users": [
                {
                    "name": client,
                    "user": {
                        "client-certificate-data": data(f"{client}.crt"),
                        "client-key-data": data(f"{client}.key"),
                    },
                }
            ],
        },
        indent=2,
    )
