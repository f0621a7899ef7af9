// Programs that the tests start as processes of their own, in one executable: TestPrograms NAME ARGUMENT...
using TestPrograms;

Action<string[]> program = args[0] switch
{
    nameof(BigSet) => BigSet.Run,
    nameof(DeviceChecks) => DeviceChecks.Run,
    nameof(FreshProcess) => FreshProcess.Run,
    nameof(SaveLoop) => SaveLoop.Run,
    nameof(TrainToEnd) => TrainToEnd.Run,
    _ => throw new ArgumentException($"There is no program '{args[0]}'."),
};
program(args[1..]);
