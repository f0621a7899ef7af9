using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// Combines the buffers that a forward pass changes, such as BatchNorm's running statistics, over the batches of a step. Each batch starts with the buffers
/// before the step, so that the batches are independent. BatchNorm then makes as many updates as there were batches, all with the mean of the statistics of
/// the batches: with the mean change d of a running statistic r in one update and momentum m, P updates give r + d (1 - (1 - m)^P) / m. Counters add up; other
/// buffers get the mean of their values after each batch. A step of one batch keeps what the batch computed.
/// </summary>
internal sealed class RunningBuffers : IDisposable
{
    private readonly ICommunicator _ranks;
    private readonly Tensor[] _values;
    private readonly Tensor[] _counters;

    // For each value: the counter of its updates, and the momentum; none for a buffer that does not belong to BatchNorm.
    private readonly (int Counter, double Momentum)?[] _updates;
    private readonly List<Tensor> _changes = [];
    private Tensor? _before;
    private Tensor? _countersBefore;
    private Tensor? _counts;

    /// <param name="modules">All modules whose buffers may change.</param>
    /// <param name="ranks">The ranks.</param>
    public RunningBuffers(IEnumerable<nn.Module> modules, ICommunicator ranks)
    {
        _ranks = ranks;
        (nn.Module Owner, string Name, Tensor Buffer)[] buffers =
        [
            .. modules
                .SelectMany(module => module.modules().Prepend(module))
                .Distinct()
                .SelectMany(module => module.named_buffers(recurse: false).Select(entry => (module, entry.name, entry.buffer))),
        ];
        var values = buffers.Where(entry => is_floating_point(entry.Buffer.dtype)).ToArray();
        var counters = buffers.Where(entry => is_integral(entry.Buffer.dtype)).ToArray();
        (_values, _counters) = ([.. values.Select(entry => entry.Buffer)], [.. counters.Select(entry => entry.Buffer)]);
        _updates =
        [
            .. values.Select(entry =>
                entry is { Owner: BatchNorm { momentum: { } momentum and > 0 and < 1 } norm, Name: "running_mean" or "running_var" }
                && Array.FindIndex(counters, counter => counter.Owner == norm && counter.Name == "num_batches_tracked") is >= 0 and var counter
                    ? ((int, double)?)(counter, momentum)
                    : null
            ),
        ];
    }

    /// <summary>Call before the first batch of a step.</summary>
    public void Begin()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Clear();
        _before = Flat(_values).DetachFromDisposeScope();
        _countersBefore = Flat(_counters).DetachFromDisposeScope();
        _counts = zeros_like(_countersBefore).DetachFromDisposeScope();
    }

    /// <summary>Keeps the changes of a batch, and restores the buffers.</summary>
    /// <param name="isOnly">Whether it is the only batch of the step.</param>
    public void EndBatch(bool isOnly)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor values = Flat(_values);
        _changes.Add((isOnly ? values : values.sub_(_before!)).DetachFromDisposeScope());
        _counts!.Add_(Flat(_counters).sub_(_countersBefore!));
        Restore();
    }

    /// <summary>Sets the buffers as before the step, if it has begun.</summary>
    public void Restore()
    {
        if (_before is null)
        {
            return;
        }

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Store(_values, _before);
        Store(_counters, _countersBefore!);
    }

    /// <summary>Combines the changes of all batches on all ranks.</summary>
    /// <param name="batches">The number of batches of the step.</param>
    public void Combine(int batches)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int rounds = (batches + _ranks.World - 1) / _ranks.World;
        using RunningSum running = new();
        Tensor sum = zeros_like(_before!);
        for (int round = 0; round < rounds; round++)
        {
            sum = round < _changes.Count ? _changes[round] : zeros_like(_before!);
            _ranks.Sum(sum, running, more: round < rounds - 1);
        }

        _ranks.Sum(_counts!);
        Store(_counters, _countersBefore!.Add(_counts!));
        Store(_values, batches == 1 ? sum : _before!.Add(sum.Mul(1.0 / batches).mul_(Factors(batches))));
        Clear();
    }

    /// <summary>Ends a step of one batch without combining: the buffers stay as they are.</summary>
    public void Keep() => Clear();

    public void Dispose() => Clear();

    // How often the mean change of one batch is applied: 1 for other buffers than BatchNorm's.
    private Tensor Factors(int batches)
    {
        double[] counts = _counts!.cpu().data<double>().ToArray();
        double[] factors = new double[_before!.numel()];
        int start = 0;
        for (int i = 0; i < _values.Length; i++)
        {
            int length = (int)_values[i].numel();
            // The updates of all batches, and those of one.
            factors
                .AsSpan(start, length)
                .Fill(
                    _updates[i] is var (counter, momentum) && counts[counter] > 0
                        ? (1 - Math.Pow(1 - momentum, counts[counter])) / (1 - Math.Pow(1 - momentum, counts[counter] / batches))
                        : 1
                );
            start += length;
        }

        return factors.Upload(_before.device);
    }

    private static Tensor Flat(Tensor[] buffers) =>
        buffers.Length == 0 ? zeros([0], ScalarType.Float64) : cat([.. buffers.Select(buffer => buffer.reshape(-1).to(ScalarType.Float64))]);

    private static void Store(Tensor[] buffers, Tensor flat)
    {
        long start = 0;
        foreach (Tensor buffer in buffers)
        {
            buffer.copy_(flat.narrow(0, start, buffer.numel()).view(buffer.shape));
            start += buffer.numel();
        }
    }

    private void Clear()
    {
        _changes.ForEach(change => change.Dispose());
        _changes.Clear();
        _before?.Dispose();
        _countersBefore?.Dispose();
        _counts?.Dispose();
        (_before, _countersBefore, _counts) = (null, null, null);
    }
}
