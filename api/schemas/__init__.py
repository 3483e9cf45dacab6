"""What goes over the wire, one module a subject. Amounts are decimal strings beside their currency, instants RFC 3339 in UTC."""
