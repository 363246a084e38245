"""The page, as files. Served from memory; holds no secret and needs no other host."""
