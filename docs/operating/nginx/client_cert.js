// The client's certificate as RFC 9440 §2.1 wants it in a header: DER as a Byte Sequence of RFC 8941, base64 between colons.
function header(request) {
    const pem = request.variables.ssl_client_raw_cert;
    return pem ? ':' + pem.replace(/-----[A-Z ]+-----/g, '').replace(/\s+/g, '') + ':' : '';
}

export default { header };
