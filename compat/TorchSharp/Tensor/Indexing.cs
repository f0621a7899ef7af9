using TorchSharp.Interop;
using Kind = TorchSharp.torch.TensorIndex.IndexKind;

namespace TorchSharp;

/// <summary>
/// An indexing expression worked out: numbers, ranges and new dimensions as a view, and for what tensors index, their list beside it.
/// </summary>
internal sealed class Indexing : IDisposable
{
    private readonly List<torch.Tensor> _steps = [];
    private readonly List<torch.Tensor?> _tensors = [];
    private int _covered;

    private Indexing(torch.Tensor source) => View = source;

    internal torch.Tensor View { get; private set; }

    internal TensorList Tensors { get; private set; }

    internal static Indexing Into(torch.Tensor source, torch.TensorIndex[] indices)
    {
        var result = new Indexing(source);
        try
        {
            result.Walk(indices);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    public void Dispose() => _steps.ForEach(step => step.Dispose());

    private void Walk(torch.TensorIndex[] indices)
    {
        int taken = indices.Sum(Dimensions);
        int dim = 0;
        foreach (torch.TensorIndex index in indices)
        {
            switch (index.Kind)
            {
                case Kind.Single:
                    Step(View.select(dim, index.Start ?? throw new ArgumentNullException(nameof(indices))));
                    break;
                case Kind.Slice:
                    Slice(dim++, index);
                    break;
                case Kind.Ellipsis:
                    dim += (int)View.dim() - dim - Remaining(indices, index, taken);
                    break;
                case Kind.None:
                    Step(View.unsqueeze(dim++));
                    break;
                case Kind.Bool:
                    Step(View.unsqueeze(dim));
                    Put(dim++, Own(torch.tensor([index.Start == 1])), 1);
                    break;
                case Kind.Tensor:
                    Put(dim, index.Values!, Dimensions(index));
                    dim = _covered;
                    break;
            }
        }
        Tensors = new TensorList(_tensors);
    }

    /// <summary>How many dimensions of the view the indices after the ellipsis still take.</summary>
    private static int Remaining(torch.TensorIndex[] indices, torch.TensorIndex ellipsis, int taken)
    {
        int before = 0;
        foreach (torch.TensorIndex index in indices)
        {
            if (index.Kind == ellipsis.Kind) break;
            before += Dimensions(index);
        }
        return taken - before;
    }

    private static int Dimensions(torch.TensorIndex index) => index.Kind switch
    {
        Kind.Single or Kind.Slice => 1,
        Kind.Tensor when index.Values!.dtype is torch.ScalarType.Bool => (int)index.Values.dim(),
        Kind.Tensor => 1,
        _ => 0,
    };

    private void Slice(int dim, torch.TensorIndex index)
    {
        if (index is { Start: null, Stop: null, Step: null }) return;
        Step(View.slice(dim, index.Start ?? 0, index.Stop ?? long.MaxValue, index.Step ?? 1));
    }

    /// <summary>A mask is one entry of the list, however many dimensions it covers.</summary>
    private void Put(int dim, torch.Tensor values, int dimensions)
    {
        for (; _covered < dim; _covered++) _tensors.Add(null);
        _tensors.Add(values);
        _covered += dimensions;
    }

    private torch.Tensor Own(torch.Tensor made)
    {
        _steps.Add(made);
        return made;
    }

    private void Step(torch.Tensor next) => View = Own(next);
}
