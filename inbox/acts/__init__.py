"""What officers do to a complaint, and what surrounds each act: offers, refusals, the way back."""
