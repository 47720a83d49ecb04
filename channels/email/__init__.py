"""Electronic mail: IMAP in, SMTP out, threads kept by our own address tags and message ids."""
