"""Work that would make a screen wait (faces, PDF pages), each kind in a process of its own."""
