-- What is kept is counted as it comes and goes, so that a bound on its bytes costs nothing to look at.

DELETE FROM event WHERE seq NOT IN (SELECT event FROM message);

CREATE TABLE kept (
    events INTEGER NOT NULL,             -- bytes of all events
    answers INTEGER NOT NULL             -- bytes of all answers of targets, bodies and headers
);
INSERT INTO kept VALUES (
    (SELECT coalesce(sum(length(body)), 0) FROM event),
    (SELECT coalesce(sum(length(body) + length(coalesce(headers, ''))), 0) FROM attempt)
);

-- Answers that can be forgotten, oldest first.
CREATE INDEX attempt_with_answer ON attempt (seq) WHERE body IS NOT NULL;

CREATE TRIGGER event_comes AFTER INSERT ON event BEGIN
    UPDATE kept SET events = events + length(NEW.body);
END;
CREATE TRIGGER event_goes AFTER DELETE ON event BEGIN
    UPDATE kept SET events = events - length(OLD.body);
END;
-- An event goes with its last message.
CREATE TRIGGER message_goes AFTER DELETE ON message
WHEN NOT EXISTS (SELECT 1 FROM message WHERE event = OLD.event) BEGIN
    DELETE FROM event WHERE seq = OLD.event;
END;
CREATE TRIGGER answer_comes AFTER INSERT ON attempt WHEN NEW.body IS NOT NULL BEGIN
    UPDATE kept SET answers = answers + length(NEW.body) + length(coalesce(NEW.headers, ''));
END;
CREATE TRIGGER answer_is_forgotten AFTER UPDATE OF body ON attempt WHEN OLD.body IS NOT NULL AND NEW.body IS NULL BEGIN
    UPDATE kept SET answers = answers - length(OLD.body) - length(coalesce(OLD.headers, ''));
END;
CREATE TRIGGER answer_goes AFTER DELETE ON attempt WHEN OLD.body IS NOT NULL BEGIN
    UPDATE kept SET answers = answers - length(OLD.body) - length(coalesce(OLD.headers, ''));
END;
