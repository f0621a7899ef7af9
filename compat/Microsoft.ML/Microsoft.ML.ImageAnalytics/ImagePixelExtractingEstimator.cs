using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Image;

/// <summary>Numbers from pictures of one size.</summary>
public sealed class ImagePixelExtractingEstimator : TrivialEstimator<ImagePixelExtractingTransformer>
{
    internal ImagePixelExtractingEstimator(IHostEnvironment env, InputOutputColumnPair column, PixelLayout layout)
        : base(env.Register(nameof(ImagePixelExtractingEstimator)), new ImagePixelExtractingTransformer(env, [column], layout))
    {
    }

    /// <summary>The parts of a color.</summary>
    [Flags]
    public enum ColorBits : byte
    {
        Alpha = 1,
        Red = 2,
        Green = 4,
        Blue = 8,
        Rgb = Red | Green | Blue,
        All = Alpha | Rgb,
    }

    /// <summary>The order in which the parts come out.</summary>
    public enum ColorsOrder : byte
    {
        ARGB = 1,
        ARBG = 2,
        ABRG = 3,
        ABGR = 4,
        AGRB = 5,
        AGBR = 6,
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return ShapeChange.Apply(inputSchema, Transformer.Columns.Select(pair =>
        {
            ShapeChange.Input(
                Host, inputSchema, pair.InputColumnName, c => c.ItemType is ImageDataViewType && c.Kind == SchemaShape.Column.VectorKind.Scalar, "Image");
            return new SchemaShape.Column(pair.OutputColumnName, SchemaShape.Column.VectorKind.Vector, Transformer.Layout.ItemType, false);
        }));
    }
}
