"""Question sets drafted from notes: by rule or by a language model, for a person to accept, mend or reject."""
