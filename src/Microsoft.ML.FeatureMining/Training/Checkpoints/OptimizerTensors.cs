using Microsoft.ML.FeatureMining.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Checkpoints;

/// <summary>What an optimizer remembers of each parameter, by the parameter's number.</summary>
internal static class OptimizerTensors
{
    public static NamedTensors Of(OptimizerHelper optimizer) => NamedTensors.Of(
        States(optimizer).Where(entry => entry.State.momentum_buffer is not null).Select(entry => ($"{entry.Index}", entry.State.momentum_buffer!)));

    public static void Restore(OptimizerHelper optimizer, NamedTensors saved)
    {
        using IDisposable noGrad = no_grad();
        HashSet<string> names = [.. saved.Tensors.Select(tensor => tensor.Name)];
        List<(string, Tensor)> buffers = [];
        foreach ((int index, Parameter parameter, SGD.State state) in States(optimizer))
        {
            state.momentum_buffer?.Dispose();
            // A copy of the parameter has its layout, and the order in which a kernel adds depends on that.
            state.momentum_buffer = names.Contains($"{index}") ? parameter.detach().clone().DetachFromDisposeScope() : null;
            if (state.momentum_buffer is { } buffer)
            {
                buffers.Add(($"{index}", buffer));
            }
        }

        saved.CopyTo(buffers);
    }

    private static IEnumerable<(int Index, Parameter Parameter, SGD.State State)> States(OptimizerHelper optimizer) =>
        optimizer.parameters().Zip(optimizer.state_dict().State).Select((entry, index) => (index, entry.First, (SGD.State)entry.Second));
}
