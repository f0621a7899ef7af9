using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Networks.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>Induces a class hierarchy from the weights of a trained classifier.</summary>
internal static class HierarchyInduction
{
    /// <exception cref="InvalidOperationException">The head does not have exactly one weight matrix with one row per class.</exception>
    public static ClassHierarchy Of(NamedTensors weights, int classes)
    {
        NamedTensor[] classifiers =
        [
            .. weights.Tensors.Where(tensor =>
                !tensor.Name.StartsWith("exits.", StringComparison.Ordinal)
                && tensor.Type == ScalarType.Float32
                && tensor.Shape.Length == 2
                && tensor.Shape[0] == classes
            ),
        ];
        return classifiers.Length == 1
            ? ClassHierarchy.Induce([.. MemoryMarshal.Cast<byte, float>(classifiers[0].Bytes).ToArray().Chunk((int)classifiers[0].Shape[1])])
            : throw new InvalidOperationException(
                $"A class hierarchy can only be induced from a head with exactly one layer that has one row per class; "
                    + $"this network has {classifiers.Length} such layers."
            );
    }
}
