"""What runs at the server and at the parties: both are parts of the kit."""
