"""Question banks: their records, loading, checking, and the packs that hold them."""
