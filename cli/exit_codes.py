"""What the exit codes of every command mean, as its help says."""

EXIT_CODES = """
\b
Exit codes:
  0  done
  1  an error that you can fix; its message says how
  2  wrong usage of the command
  3  done, but too many rows were rejected (--max-rejected), and scores then not published; from `monitor`, a
     trigger fired; from `campaign read`, treated and control were not alike
  129, 130, 143  ended by SIGHUP, Ctrl-C or SIGTERM
"""
