"""What a command returns to the shell; 0 if all went well."""

EXIT_FAILED = 1  # a strategy failed, or misses what `gate` requires
EXIT_USAGE = 2  # the command can't be carried out
EXIT_STOPPED = 130  # the reader of the output, or Ctrl-C, stopped it; 143 SIGTERM, 129 SIGHUP
