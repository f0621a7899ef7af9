// Programs that the tests start as separate processes, in one executable: TestPrograms NAME ARGUMENT...
using TestPrograms;

Action<string[]> program = args[0] switch
{
    nameof(BigSet) => BigSet.Run,
    nameof(DeviceChecks) => DeviceChecks.Run,
    nameof(FreshDetector) => FreshDetector.Run,
    nameof(FreshProcess) => FreshProcess.Run,
    nameof(KeptSamples) => KeptSamples.Run,
    nameof(NativeEnvironment) => NativeEnvironment.Run,
    nameof(RandomTraining) => RandomTraining.Run,
    nameof(RankTraining) => RankTraining.Run,
    nameof(SaveLoop) => SaveLoop.Run,
    nameof(TrainDetector) => TrainDetector.Run,
    nameof(TrainToEnd) => TrainToEnd.Run,
    _ => throw new ArgumentException($"Unknown program '{args[0]}'."),
};
program(args[1..]);
