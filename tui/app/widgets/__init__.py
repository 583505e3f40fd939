"""What the screens are made of; each widget is told what to show and tells by messages what was asked."""
