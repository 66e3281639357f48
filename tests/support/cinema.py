"""A film club's catalogue: films with years and a line on each, two of them of one title."""

from __future__ import annotations

from nextinterest.domain import Item

CINEMA = tuple(
    Item(f"f{number:02}", title, tuple(categories.split(", ")), year, description=line)
    for number, (title, year, categories, line) in enumerate(
        (
            ("Chinatown", 1974, "Crime, Mystery, Thriller", "A private detective and the water of a city."),
            ("The Conversation", 1974, "Mystery, Thriller", "A man who listens to others for a living."),
            ("Jaws", 1975, "Adventure, Thriller", "A shark off a holiday island."),
            ("Three Days of the Condor", 1975, "Mystery, Thriller", "A reader of books runs for his life."),
            ("Marathon Man", 1976, "Crime, Thriller", "A student, a dentist and diamonds."),
            ("Solaris", 1972, "Drama, Mystery, Sci-Fi", "A station above an ocean that remembers."),
            ("Solaris", 2002, "Drama, Mystery, Sci-Fi", "The same ocean, thirty years later."),
            ("Stalker", 1979, "Drama, Sci-Fi", "Three men walk into the zone."),
            ("Alien", 1979, "Horror, Sci-Fi, Thriller", "Seven people and one guest on a ship."),
            ("Annie Hall", 1977, "Comedy, Romance", "Two people in New York, and lobsters."),
            ("Manhattan", 1979, "Comedy, Drama, Romance", "A writer, a city, an age gap."),
            ("Groundhog Day", 1993, "Comedy, Fantasy, Romance", "The same day over and over."),
            ("Fargo", 1996, "Comedy, Crime, Thriller", "Snow, a wood chipper and a sheriff."),
            ("Heat", 1995, "Crime, Drama, Thriller", "A thief and a detective have coffee."),
            ("Seven", 1995, "Crime, Mystery, Thriller", "Two detectives and seven sins."),
            ("The Usual Suspects", 1995, "Crime, Mystery, Thriller", "Five men in a line-up."),
            ("L.A. Confidential", 1997, "Crime, Drama, Mystery", "Three policemen and a city of lies."),
            ("Contact", 1997, "Drama, Mystery, Sci-Fi", "A message from a star."),
            ("Gattaca", 1997, "Drama, Sci-Fi, Thriller", "A man with the wrong genes wants to fly."),
            ("Arrival", 2016, "Drama, Mystery, Sci-Fi", "A linguist learns a language of circles."),
            ("Zodiac", 2007, "Crime, Drama, Mystery, Thriller", "A cartoonist hunts a letter writer."),
            ("Memories of Murder", 2003, "Crime, Drama, Mystery, Thriller", "Two policemen in the fields."),
            ("The Others", 2001, "Horror, Mystery, Thriller", "A dark house and children in it."),
            ("Amelie", 2001, "Comedy, Romance", "A waitress helps people along."),
        ),
        start=1,
    )
)
