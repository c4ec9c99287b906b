-- Since when reserved_by has kept the number, with or without gaps.
ALTER TABLE numbers ADD COLUMN reserved_from BIGINT;
