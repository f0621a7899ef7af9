using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.Data;

/// <summary>Reads the files whose paths a column holds: as pictures, or as their bytes.</summary>
public sealed class ImageLoadingEstimator : TrivialEstimator<ImageLoadingTransformer>
{
    private readonly bool _asImages;

    internal ImageLoadingEstimator(IHostEnvironment env, string imageFolder, bool asImages, params InputOutputColumnPair[] columns)
        : base(env.Register(nameof(ImageLoadingEstimator)), new ImageLoadingTransformer(env, imageFolder, asImages, columns)) => _asImages = asImages;

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return ShapeChange.Apply(inputSchema, Transformer.Columns.Select(pair =>
        {
            ShapeChange.Input(Host, inputSchema, pair.InputColumnName, c => c.ItemType is TextDataViewType && c.Kind == SchemaShape.Column.VectorKind.Scalar, "String");
            return _asImages
                ? new SchemaShape.Column(pair.OutputColumnName, SchemaShape.Column.VectorKind.Scalar, new ImageDataViewType(), false)
                : new SchemaShape.Column(pair.OutputColumnName, SchemaShape.Column.VectorKind.VariableVector, NumberDataViewType.Byte, false);
        }));
    }
}
