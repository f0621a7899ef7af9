// The default generator and the tensor count belong to the process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
