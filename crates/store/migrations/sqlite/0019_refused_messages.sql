-- Of messages that were never refused, those whose validity has passed are the first of their queue. One that
-- was refused waits further back, and is found here: few have been.
CREATE INDEX messages_refused ON messages (carrier_id, valid_until) WHERE status = 'queued' AND refusals > 0;
