"""What several tests stand on: servers, programs, boxes, waiting. Nothing here asserts; tests do."""
