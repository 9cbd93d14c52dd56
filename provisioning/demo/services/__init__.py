"""Ten and more services walked by touch on the real screen: `menkou demo --services`."""
