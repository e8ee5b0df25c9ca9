"""Where else a model runs: what makes of it something that other programs execute."""
