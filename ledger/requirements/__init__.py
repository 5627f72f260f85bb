"""Questions with a threshold, such as 40 verified hours to graduate: rules evaluated over seconds and dates, purely."""
