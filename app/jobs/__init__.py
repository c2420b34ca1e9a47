"""The jobs room: what a consumer does. Jobs are short; a message is a doorbell that carries an id, and the row is the record."""
