using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

[assembly: LoadableClass(
    typeof(ImageLoadingTransformer), typeof(ImageLoadingTransformer), null, typeof(SignatureLoadModel), "Image loader", ImageLoadingTransformer.Signature)]

namespace Microsoft.ML.Data;

/// <summary>Reads the files whose paths a column holds: as pictures, or as their bytes.</summary>
public sealed class ImageLoadingTransformer : OneToOneTransformerBase
{
    internal const string Signature = "ImageLoaderTransform";

    public readonly string ImageFolder;

    private readonly bool _asImages;

    internal ImageLoadingTransformer(IHostEnvironment env, string imageFolder, bool asImages, params InputOutputColumnPair[] columns)
        : base(env.Register(nameof(ImageLoadingTransformer)), columns)
    {
        if (!string.IsNullOrEmpty(imageFolder) && !Directory.Exists(imageFolder))
            throw new ArgumentException($"Directory \"{imageFolder}\" does not exist.");
        ImageFolder = string.IsNullOrEmpty(imageFolder) ? null : Path.GetFullPath(imageFolder);
        _asImages = asImages;
    }

    private ImageLoadingTransformer(IHostEnvironment env, InputOutputColumnPair[] columns, ModelLoadContext ctx)
        : base(env.Register(nameof(ImageLoadingTransformer)), columns)
    {
        ImageFolder = ctx.LoadStringOrNull();
        _asImages = ctx.Reader.ReadBoolean();
    }

    internal InputOutputColumnPair[] Columns => Pairs;

    internal static ImageLoadingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return new ImageLoadingTransformer(env, InputOutputColumnPair.Read(ctx.Reader), ctx);
    }

    private protected override OutputColumn Added(int pair, DataViewSchema.Column input)
    {
        if (input.Type is not TextDataViewType)
            throw Host.ExceptSchemaMismatch("inputSchema", "input", input.Name, TextDataViewType.Instance.ToString(), input.Type.ToString());
        DataViewType type = _asImages ? new ImageDataViewType() : new VectorDataViewType(NumberDataViewType.Byte);
        return new OutputColumn(
            new DataViewSchema.DetachedColumn(Pairs[pair].OutputColumnName, type),
            [input.Index],
            row => _asImages ? Images(PathOf(row, input)) : Bytes(PathOf(row, input)));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        InputOutputColumnPair.Write(ctx.Writer, Pairs);
        ctx.SaveStringOrNull(ImageFolder);
        ctx.Writer.Write(_asImages);
    }

    private static VersionInfo Version() => SavedAs.Version("IMGLOADR", Signature, typeof(ImageLoadingTransformer).Assembly);

    private static ValueGetter<MLImage> Images(Func<string> path) => (ref MLImage value) =>
    {
        value?.Dispose();
        value = null;
        if (path() is not { } file)
            return;
        using var encoded = new MemoryStream(File.ReadAllBytes(file));
        value = MLImage.CreateFromStream(encoded);
        value.Tag = file;
    };

    private static ValueGetter<VBuffer<byte>> Bytes(Func<string> path) => (ref VBuffer<byte> value) =>
    {
        if (path() is not { } file)
        {
            value = VBufferEditor.Create(ref value, 0).Commit();
            return;
        }

        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        if (stream.Length > Array.MaxLength)
            throw new IOException($"File {file} is too big to be read whole.");
        VBufferEditor<byte> editor = VBufferEditor.Create(ref value, (int)stream.Length);
        stream.ReadExactly(editor.Values);
        value = editor.Commit();
    };

    private Func<string> PathOf(DataViewRow row, DataViewSchema.Column input)
    {
        ValueGetter<ReadOnlyMemory<char>> getter = row.GetGetter<ReadOnlyMemory<char>>(input);
        ReadOnlyMemory<char> path = default;
        return () =>
        {
            getter(ref path);
            return path.IsEmpty ? null : ImageFolder is null ? path.ToString() : Path.Combine(ImageFolder, path.ToString());
        };
    }
}
