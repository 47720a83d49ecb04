"""What others see of a citizen's file, made in a short-lived process that hostile bytes can only take down with it."""
