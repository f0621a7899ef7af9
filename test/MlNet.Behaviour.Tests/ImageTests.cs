using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace MlNet.Behaviour.Tests;

public sealed class ImageTests : IDisposable
{
    private readonly MLContext _ml = new(1);
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public ImageTests()
    {
        File.WriteAllBytes(Path.Combine(_folder, "a.bmp"), Bmp());
        File.WriteAllBytes(Path.Combine(_folder, "empty.bmp"), []);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void LoadRawImageBytes_GivesTheFilesBytes()
    {
        IDataView loaded = Load(_ml.Transforms.LoadRawImageBytes("Image", _folder, "Path"), "a.bmp", "", "empty.bmp");

        Assert.Equal("Vector<Byte>", loaded.Schema["Image"].Type.ToString());
        byte[][] images = [.. loaded.GetColumn<byte[]>("Image")];
        Assert.Equal(Bmp(), images[0]);
        Assert.Empty(images[1]);
        Assert.Empty(images[2]);
    }

    [Fact]
    public void LoadRawImageBytes_NoFolder_TakesWholePaths()
    {
        IDataView loaded = Load(_ml.Transforms.LoadRawImageBytes("Image", null, "Path"), Path.Combine(_folder, "a.bmp"));

        Assert.Equal(Bmp(), loaded.GetColumn<byte[]>("Image").Single());
    }

    [Fact]
    public void LoadRawImageBytes_Errors()
    {
        Assert.Throws<ArgumentException>(() => _ml.Transforms.LoadRawImageBytes("Image", Path.Combine(_folder, "nope"), "Path"));
        IDataView missing = Load(_ml.Transforms.LoadRawImageBytes("Image", _folder, "Path"), "nope.png");
        Assert.IsType<FileNotFoundException>(Assert.ThrowsAny<Exception>(() => missing.GetColumn<byte[]>("Image").ToList()).GetBaseException());
        IDataView numbers = _ml.Data.LoadFromEnumerable(Numbered.Rows(1));
        Assert.Contains("'Number'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.LoadRawImageBytes("Image", null, "Number").Fit(numbers)).Message);
    }

    [Fact]
    public void LoadImages_GivesPixels()
    {
        IDataView loaded = Load(_ml.Transforms.LoadImages("Image", _folder, "Path"), "a.bmp", "");
        Assert.Equal("Image", loaded.Schema["Image"].Type.ToString());
        Assert.Equal(typeof(MLImage), loaded.Schema["Image"].Type.RawType);
        using DataViewRowCursor cursor = loaded.GetRowCursor([loaded.Schema["Image"]]);
        ValueGetter<MLImage> getter = cursor.GetGetter<MLImage>(loaded.Schema["Image"]);
        MLImage image = null;

        Assert.True(cursor.MoveNext());
        getter(ref image);
        Assert.Equal((2, 1, 32), (image.Width, image.Height, image.BitsPerPixel));
        Assert.Equal([0, 0, 255, 10, 200, 30], image.GetBGRPixels);
        Assert.Equal(Path.Combine(_folder, "a.bmp"), image.Tag);
        MLImage first = image;
        Assert.True(cursor.MoveNext());
        getter(ref image);
        Assert.Null(image);
        Assert.Throws<InvalidOperationException>(() => first.Width);
    }

    [Fact]
    public void MLImage_FromPixels()
    {
        using MLImage image = MLImage.CreateFromPixels(2, 1, MLPixelFormat.Rgba32, [1, 2, 3, 255, 4, 5, 6, 255]);

        Assert.Equal(MLPixelFormat.Rgba32, image.PixelFormat);
        Assert.Equal([1, 2, 3, 255, 4, 5, 6, 255], image.Pixels.ToArray());
        Assert.Equal([3, 2, 1, 6, 5, 4], image.GetBGRPixels);
        Assert.Null(image.Tag);
    }

    [Fact]
    public void MLImage_Errors()
    {
        Assert.Equal("pixelFormat", Assert.Throws<ArgumentException>(() => MLImage.CreateFromPixels(1, 1, MLPixelFormat.Unknown, new byte[4])).ParamName);
        Assert.Equal("width", Assert.Throws<ArgumentException>(() => MLImage.CreateFromPixels(0, 1, MLPixelFormat.Bgra32, new byte[4])).ParamName);
        Assert.Throws<ArgumentException>(() => MLImage.CreateFromPixels(1, 1, MLPixelFormat.Bgra32, new byte[3]));
        Assert.Equal("imageStream", Assert.Throws<ArgumentException>(() => MLImage.CreateFromStream(new MemoryStream([1, 2, 3]))).ParamName);
        Assert.Equal("imagePath", Assert.Throws<ArgumentNullException>(() => MLImage.CreateFromFile(null)).ParamName);
        var disposed = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Bgra32, new byte[4]);
        disposed.Dispose();
        disposed.Dispose();
        Assert.Throws<InvalidOperationException>(() => disposed.Pixels.Length);
    }

    [Theory]
    [InlineData(false, "Vector<Single, 3, 1, 2>", new float[] { 1, 4, 2, 5, 3, 6 })]
    [InlineData(true, "Vector<Single, 1, 2, 3>", new float[] { 1, 2, 3, 4, 5, 6 })]
    public void ExtractPixels_PlanesOrPixels(bool interleaved, string type, float[] expected)
    {
        IDataView extracted = Extract(_ml.Transforms.ExtractPixels("Pixels", "Image", interleavePixelColors: interleaved));

        Assert.Equal(type, extracted.Schema["Pixels"].Type.ToString());
        Assert.Equal(expected, extracted.GetColumn<float[]>("Pixels").Single());
    }

    [Fact]
    public void ExtractPixels_OrderAlphaOffsetAndScale()
    {
        IDataView extracted = Extract(_ml.Transforms.ExtractPixels(
            "Pixels",
            "Image",
            ImagePixelExtractingEstimator.ColorBits.Alpha | ImagePixelExtractingEstimator.ColorBits.Blue | ImagePixelExtractingEstimator.ColorBits.Red,
            ImagePixelExtractingEstimator.ColorsOrder.ABRG,
            interleavePixelColors: true,
            offsetImage: 1,
            scaleImage: 2));

        Assert.Equal([508, 4, 0, 508, 10, 6], extracted.GetColumn<float[]>("Pixels").Single());
    }

    [Fact]
    public void ExtractPixels_AsBytes()
    {
        IDataView extracted = Extract(_ml.Transforms.ExtractPixels("Pixels", "Image", outputAsFloatArray: false));

        Assert.Equal([1, 4, 2, 5, 3, 6], extracted.GetColumn<byte[]>("Pixels").Single());
    }

    [Fact]
    public void ExtractPixels_UnknownSize_Throws()
    {
        IDataView images = Load(_ml.Transforms.LoadImages("Image", _folder, "Path"), "a.bmp");

        Assert.Contains("'Image'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.ExtractPixels("Pixels", "Image").Fit(images)).Message);
    }

    [Fact]
    public void ImageTypes_EqualBySize()
    {
        Assert.True(new ImageDataViewType(2, 3).Equals(new ImageDataViewType(2, 3)));
        Assert.False(new ImageDataViewType(2, 3).Equals(new ImageDataViewType()));
        Assert.Equal("Image<2, 3>", new ImageDataViewType(2, 3).ToString());
        Assert.Equal("Image", new ImageDataViewType().ToString());
        Assert.Equal("height", Assert.Throws<ArgumentOutOfRangeException>(() => new ImageDataViewType(0, 3)).ParamName);
        Assert.Equal("width", Assert.Throws<ArgumentOutOfRangeException>(() => new ImageTypeAttribute(3, 0)).ParamName);
    }

    [Fact]
    public void SaveAndLoad_ImageTransforms()
    {
        IDataView data = _ml.Data.LoadFromEnumerable([new PathRow { Path = "a.bmp" }]);
        using var stream = new MemoryStream();
        _ml.Model.Save(_ml.Transforms.LoadRawImageBytes("Image", _folder, "Path").Fit(data), data.Schema, stream);
        stream.Position = 0;

        Assert.Equal(Bmp(), new MLContext().Model.Load(stream, out _).Transform(data).GetColumn<byte[]>("Image").Single());
    }

    // A bitmap of 24 bits a pixel: (255, 0, 0) and (30, 200, 10), rows padded to 4 bytes.
    private static byte[] Bmp()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("BM"u8);
        writer.Write(62);
        writer.Write(0);
        writer.Write(54);
        writer.Write(40);
        writer.Write(2);
        writer.Write(1);
        writer.Write((short)1);
        writer.Write((short)24);
        writer.Write(0);
        writer.Write(8);
        writer.Write(new byte[16]);
        writer.Write([0, 0, 255, 10, 200, 30, 0, 0]);
        return stream.ToArray();
    }

    private IDataView Load(ImageLoadingEstimator estimator, params string[] paths)
    {
        IDataView data = _ml.Data.LoadFromEnumerable(paths.Select(p => new PathRow { Path = p }).ToList());
        return estimator.Fit(data).Transform(data);
    }

    private IDataView Extract(ImagePixelExtractingEstimator estimator)
    {
        IDataView data = _ml.Data.LoadFromEnumerable(
            [new Picture { Image = MLImage.CreateFromPixels(2, 1, MLPixelFormat.Rgba32, [1, 2, 3, 255, 4, 5, 6, 255]) }]);
        return estimator.Fit(data).Transform(data);
    }

    public sealed class PathRow
    {
        public string Path { get; set; }
    }

    public sealed class Picture
    {
        [ImageType(1, 2)]
        public MLImage Image { get; set; }
    }
}
