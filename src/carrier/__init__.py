"""What carries an update, as masks over its rows and columns, and a trigger that undoes it."""
