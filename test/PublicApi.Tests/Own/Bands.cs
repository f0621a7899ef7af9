using System.Buffers.Binary;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace PublicApi.Tests.Own;

/// <summary>
/// Images of 8x8 with a bright band; its position determines the class. Available as encoded files in objects, or as planar floats in a user-defined IDataView.
/// </summary>
internal static class Bands
{
    public const int Side = 8;
    public const int Channels = 3;

    public static readonly string[] Names = ["top", "bottom"];

    /// <summary>Rows of objects; each image is a BMP file.</summary>
    public static IDataView Encoded(MLContext ml, int count = 96) =>
        ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => new Row { Label = Names[i % 2], Image = Bmp(Pixels(i)) }));

    /// <summary>Rows of a user-defined data view.</summary>
    public static IDataView Planar(int count = 96) => new PlanarView(count);

    /// <summary>The pixels of the images, RGB [count,8,8,3].</summary>
    public static byte[] Rgb(int count) =>
        [
            .. from number in Enumerable.Range(0, count)
            let pixels = Pixels(number)
            from position in Enumerable.Range(0, Side * Side)
            from channel in Enumerable.Range(0, Channels)
            select pixels[(channel * Side * Side) + position],
        ];

    // Deterministic noise, [3,8,8].
    private static byte[] Pixels(int number)
    {
        Random random = new(number);
        byte[] pixels = new byte[Channels * Side * Side];
        random.NextBytes(pixels);
        for (int i = 0; i < pixels.Length; i++)
        {
            bool bright = i / Side % Side / (Side / 2) == number % 2;
            pixels[i] = (byte)(pixels[i] / 2 + (bright ? 100 : 0));
        }

        return pixels;
    }

    // 24 bits per pixel, bottom row first, blue first; rows of 24 bytes need no padding.
    private static byte[] Bmp(byte[] planar)
    {
        const int HeaderBytes = 54;
        byte[] file = new byte[HeaderBytes + planar.Length];
        "BM"u8.CopyTo(file);
        (int At, int Value)[] fields = [(2, file.Length), (10, HeaderBytes), (14, 40), (18, Side), (22, Side), (26, 1 | (24 << 16)), (34, planar.Length)];
        foreach ((int at, int value) in fields)
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        }

        for (int i = 0; i < planar.Length; i++)
        {
            (int channel, int row, int column) = (i / (Side * Side), i / Side % Side, i % Side);
            file[HeaderBytes + ((Side - 1 - row) * Side + column) * Channels + Channels - 1 - channel] = planar[i];
        }

        return file;
    }

    private sealed class Row
    {
        public string Label { get; set; } = "";

        public byte[] Image { get; set; } = [];
    }

    private sealed class PlanarView : IDataView
    {
        private readonly int _count;

        public PlanarView(int count)
        {
            _count = count;
            DataViewSchema.Builder builder = new();
            builder.AddColumn("Label", TextDataViewType.Instance);
            builder.AddColumn("Image", new VectorDataViewType(NumberDataViewType.Single, Channels, Side, Side));
            Schema = builder.ToSchema();
        }

        public bool CanShuffle => false;

        public DataViewSchema Schema { get; }

        public long? GetRowCount() => _count;

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(Schema, _count);

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
            [GetRowCursor(columnsNeeded, rand)];
    }

    private sealed class Cursor(DataViewSchema schema, int count) : DataViewRowCursor
    {
        private long _position = -1;

        public override long Position => _position;

        public override long Batch => 0;

        public override DataViewSchema Schema => schema;

        public override bool MoveNext()
        {
            _position = _position + 1 < count ? _position + 1 : -1;
            return _position >= 0;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            (ValueGetter<TValue>)(Delegate)(column.Name == "Label" ? (ValueGetter<ReadOnlyMemory<char>>)Label : (ValueGetter<VBuffer<float>>)Image);

        private void Label(ref ReadOnlyMemory<char> value) => value = Names[_position % 2].AsMemory();

        private void Image(ref VBuffer<float> value)
        {
            VBufferEditor<float> editor = VBufferEditor.Create(ref value, Channels * Side * Side);
            Array.ConvertAll(Pixels((int)_position), pixel => (float)pixel).CopyTo(editor.Values);
            value = editor.Commit();
        }
    }
}
