#!/bin/sh
# A certificate authority for tests, with a certificate for the proxy and one for each client that is named.
# Usage: make-test-ca.sh FOLDER PRINCIPAL…   writes FOLDER/tls/. Never use its keys for anything real.
set -eu
folder=$1/tls
shift
mkdir -p "$folder" "$folder/../tmp"
cd "$folder"

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
request() { openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"; }

key clients-ca
openssl req -x509 -new -key clients-ca.key -subj "/O=Corridor test/CN=clients" -days 30 -out clients-ca.pem \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign"

key server
openssl req -x509 -new -key server.key -subj "/O=Corridor test/CN=localhost" -days 30 -out server.pem \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1"

# A register of what was issued, so that a certificate can be taken back.
: > index.txt
echo 1000 > serial
echo 1000 > crlnumber
cat > ca.conf <<CONF
[ca]
default_ca = clients
[clients]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = clients-ca.pem
private_key = clients-ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
x509_extensions = client
[any]
organizationName = optional
commonName = supplied
[client]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
CONF

# Whose a certificate is stands in it as a URI; the service matches that with whose key has signed.
for client in "$@"; do
    key "$client"
    request "$client" "/O=Corridor test/CN=$client"
    { cat ca.conf; echo "subjectAltName = URI:urn:corridor:$client"; } > "$client.conf"
    openssl ca -batch -config "$client.conf" -in "$client.csr" -out "$client.pem" -notext 2>/dev/null
done
openssl ca -config ca.conf -gencrl -out clients-crl.pem 2>/dev/null
chmod 600 ./*.key
