return Samples.CommandLine.Run(args);
