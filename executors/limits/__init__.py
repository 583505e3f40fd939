"""What a command may use, and how it is noticed that it used more: time, memory, processes, disk, output."""
