using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Files;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>
/// How long a network takes on this machine, measured once: a run resumes only with the same plan, and the ranks of a job need one plan, but the speed of a
/// machine changes with what else it does.
/// </summary>
internal static class MeasuredSpeed
{
    private const string FileName = "speed.json";

    /// <summary>The times that the workspace has, else those that are measured now. All ranks of a job get those of rank 0.</summary>
    public static StepTimes Of(FeatureMiningOptions options, string backbone, torch.Device device)
    {
        ICommunicator ranks = DistributedJob.Join(options.Distributed);
        string? file = options.WorkspacePath is { } workspace ? Path.Combine(workspace, FileName) : null;
        string name = FormattableString.Invariant($"{backbone} {options.Precision} {device} {torch.get_num_threads()}");
        Dictionary<string, StepTimes> known = file is null || ranks.Rank > 0 ? [] : Read(file);
        bool isKept = known.TryGetValue(name, out StepTimes times);
        if (!isKept && ranks.Rank == 0)
        {
            known[name] = times = StepTimes.Measure(backbone, device, options.Precision);
        }

        ranks.Broadcast(MemoryMarshal.AsBytes(new Span<StepTimes>(ref times)));
        if (!isKept && ranks.Rank == 0 && file is not null)
        {
            Directory.CreateDirectory(options.WorkspacePath!);
            AtomicFile.Write(file, stream => JsonSerializer.Serialize(stream, known));
        }

        return times;
    }

    // A damaged file is replaced.
    private static Dictionary<string, StepTimes> Read(string file)
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<Dictionary<string, StepTimes>>(File.ReadAllBytes(file)) ?? [] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
