"""What it means: reads and writes of each noun, permissions, digests. Plain Python; takes batches, gives batches."""
