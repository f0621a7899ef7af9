using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

[assembly: LoadableClass(
    typeof(ImagePixelExtractingTransformer),
    typeof(ImagePixelExtractingTransformer),
    null,
    typeof(SignatureLoadModel),
    "Image pixel extractor",
    ImagePixelExtractingTransformer.Signature)]

namespace Microsoft.ML.Transforms.Image;

/// <summary>Numbers from pictures of one size.</summary>
public sealed class ImagePixelExtractingTransformer : OneToOneTransformerBase
{
    internal const string Signature = "ImagePixelExtractor";

    internal ImagePixelExtractingTransformer(IHostEnvironment env, InputOutputColumnPair[] columns, PixelLayout layout)
        : base(env.Register(nameof(ImagePixelExtractingTransformer)), columns) => Layout = layout;

    internal InputOutputColumnPair[] Columns => Pairs;

    internal PixelLayout Layout { get; }

    internal static ImagePixelExtractingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return new ImagePixelExtractingTransformer(env, InputOutputColumnPair.Read(ctx.Reader), PixelLayout.Read(ctx.Reader));
    }

    private protected override OutputColumn Added(int pair, DataViewSchema.Column input)
    {
        if (input.Type is not ImageDataViewType image)
            throw Host.ExceptSchemaMismatch("inputSchema", "input", input.Name, "image", input.Type.ToString());
        if (image.Height <= 0 || image.Width <= 0)
            throw Host.ExceptSchemaMismatch("inputSchema", "input", input.Name, "known-size image", "unknown-size image");
        VectorDataViewType type = Layout.TypeFor(image);
        return new OutputColumn(
            new DataViewSchema.DetachedColumn(Pairs[pair].OutputColumnName, type),
            [input.Index],
            row => Layout.AsFloats
                ? Getter<float>(row, input, image, type.Size, (source, numbers) => Layout.Extract(source, numbers))
                : Getter<byte>(row, input, image, type.Size, (source, numbers) => Layout.Extract(source, numbers)));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        InputOutputColumnPair.Write(ctx.Writer, Pairs);
        Layout.Write(ctx.Writer);
    }

    private static VersionInfo Version() => SavedAs.Version("IMGPXEXT", Signature, typeof(ImagePixelExtractingTransformer).Assembly);

    private ValueGetter<VBuffer<T>> Getter<T>(DataViewRow row, DataViewSchema.Column input, ImageDataViewType type, int size, PixelsToNumbers<T> extract)
    {
        ValueGetter<MLImage> getter = row.GetGetter<MLImage>(input);
        MLImage image = null;
        return (ref VBuffer<T> value) =>
        {
            getter(ref image);
            if (image is null)
            {
                value = VBufferEditor.Create(ref value, size, 0).Commit();
                return;
            }

            Host.Check(image.Height == type.Height && image.Width == type.Width, "The image has another size than its column says");
            VBufferEditor<T> editor = VBufferEditor.Create(ref value, size);
            extract(image, editor.Values);
            value = editor.Commit();
        };
    }

    private delegate void PixelsToNumbers<T>(MLImage image, Span<T> numbers);
}
