"""SMS: one channel with four ways to the network, each a dialect: Twilio, Kannel, gammu-smsd, an Android phone."""
