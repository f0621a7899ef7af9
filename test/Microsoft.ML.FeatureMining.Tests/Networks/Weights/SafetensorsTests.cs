using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks.Weights;

public sealed class SafetensorsTests
{
    private static readonly (ScalarType Type, int Width)[] Types =
    [
        (ScalarType.Float32, 4),
        (ScalarType.Float64, 8),
        (ScalarType.Float16, 2),
        (ScalarType.BFloat16, 2),
        (ScalarType.Int64, 8),
        (ScalarType.Int32, 4),
        (ScalarType.Int16, 2),
        (ScalarType.Int8, 1),
        (ScalarType.Byte, 1),
        (ScalarType.Bool, 1),
    ];

    [Fact]
    public void Read_FileOfAnotherWriter_GivesItsTensors()
    {
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Goldens", "safetensors", "types.safetensors"));

        Dictionary<string, NamedTensor> tensors = Safetensors.Read(file).Tensors.ToDictionary(tensor => tensor.Name);

        Assert.Equal(11, tensors.Count);
        AssertTensor("float", ScalarType.Float32, [2, 2], new[] { 1.5f, -2.25f, 3e-5f, float.PositiveInfinity }.SelectMany(BitConverter.GetBytes));
        AssertTensor("double", ScalarType.Float64, [1], BitConverter.GetBytes(Math.PI));
        AssertTensor("half", ScalarType.Float16, [3], new[] { (Half)1, (Half)(-0.5), Half.MaxValue }.SelectMany(BitConverter.GetBytes));
        AssertTensor("long", ScalarType.Int64, [], BitConverter.GetBytes(-(1L << 62)));
        AssertTensor("int", ScalarType.Int32, [1, 2, 3], Enumerable.Range(0, 6).SelectMany(BitConverter.GetBytes));
        AssertTensor("short", ScalarType.Int16, [2], new[] { short.MinValue, short.MaxValue }.SelectMany(BitConverter.GetBytes));
        AssertTensor("sbyte", ScalarType.Int8, [2], [0x80, 0x7f]);
        AssertTensor("byte", ScalarType.Byte, [2], [0, 255]);
        AssertTensor("bool", ScalarType.Bool, [3], [1, 0, 1]);
        AssertTensor("empty", ScalarType.Float32, [0, 3], []);
        AssertTensor("ünïcode \"quoted\"", ScalarType.Byte, [1], [7]);

        void AssertTensor(string name, ScalarType type, long[] shape, IEnumerable<byte> bytes)
        {
            Assert.Equal(type, tensors[name].Type);
            Assert.Equal(shape, tensors[name].Shape);
            Assert.Equal(bytes, tensors[name].Bytes);
        }
    }

    [Fact]
    public void Write_AnyTensors_RoundTrip() =>
        PropertyAssert.Holds(
            Prop.ForAll<long, NonNegativeInt>(
                (seed, count) =>
                {
                    NamedTensors made = Random(seed, count.Get % 20);
                    NamedTensors read = Safetensors.Read(new MemoryStream(Write(made)));
                    return read.Tensors.Count == made.Tensors.Count
                        && made.Tensors.Zip(read.Tensors)
                            .All(pair =>
                                pair.First.Name == pair.Second.Name
                                && pair.First.Type == pair.Second.Type
                                && pair.First.Shape.SequenceEqual(pair.Second.Shape)
                                && pair.First.Bytes.SequenceEqual(pair.Second.Bytes)
                            );
                }
            )
        );

    [Fact]
    public void Write_AnyTensors_AlignsTheData()
    {
        byte[] file = Write(Random(1, 5));

        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(file) % 8);
    }

    [Fact]
    public void Read_TruncatedFile_IsRejected()
    {
        byte[] file = Write(Random(2, 4));

        for (int length = 0; length < file.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Safetensors.Read(new MemoryStream(file, 0, length)));
        }
    }

    [Fact]
    public void Read_MutatedHeader_IsReadOrRejected() =>
        PropertyAssert.Holds(
            Prop.ForAll<long>(seed =>
            {
                RandomStream random = new(seed, "mutations");
                byte[] file = Write(Random(seed, 4));
                int header = (int)BinaryPrimitives.ReadInt64LittleEndian(file) + 8;
                for (int i = 0; i < 1 + random.NextInt(4); i++)
                {
                    file[random.NextInt(header)] = (byte)random.NextInt(256);
                }

                try
                {
                    Safetensors.Read(new MemoryStream(file));
                }
                catch (InvalidDataException) { }

                return true;
            }),
            cases: 3000
        );

    public static TheoryData<string> Hostile { get; } =
    [
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""",
        """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""",
        """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""",
        """{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}}""",
        """{"a":{"dtype":"F32","shape":[0,9223372036854775807,9223372036854775807],"data_offsets":[0,8]}}""",
        """{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}""",
        """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,6]}}""",
        """{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}""",
        """{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""",
        """{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}""",
        """{"a":{"dtype":null,"shape":[2],"data_offsets":[0,8]}}""",
        """{"a":{"dtype":4,"shape":[2],"data_offsets":[0,8]}}""",
        """{"a":{"shape":[2],"data_offsets":[0,8]}}""",
        """{"a":{"dtype":"F32","data_offsets":[0,8]}}""",
        """{"a":{"dtype":"F32","shape":[2]}}""",
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}""",
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}""",
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""",
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""",
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""",
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[-9223372036854775808,9223372036854775807]}}""",
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""",
        """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
        """{"a":{"dtype":"F32","shape":[2000000000],"data_offsets":[0,8000000000]}}""",
        """{"a":{"dtype":"F32","shape":[500000000],"data_offsets":[0,2000000000]}}""",
        """{"a":5}""",
        """{"a":null}""",
        """{"a":[]}""",
        """[]""",
        """5""",
        """null""",
        "\"text\"",
        """{"a" """,
        """{} trailing""",
        """{"__metadata__":{"a":"b"}} {}""",
        """{"a":{"dtype":"F32","shape":[[[[[[[[[[[[2]]]]]]]]]]]],"data_offsets":[0,8]}}""",
        """  """,
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[\u0000],\"data_offsets\":[0,8]}}",
        """{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        """{"a":{"dtype":"\ud800","shape":[2],"data_offsets":[0,8]}}""",
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Read_HostileHeader_IsRejected(string header)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<InvalidDataException>(() => Safetensors.Read(new MemoryStream(Encoded(header, data: 8))));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 40_000_000);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(100_000_001)]
    [InlineData(99_999_999)]
    public void Read_WrongHeaderLength_IsRejectedWithoutAllocatingIt(long length)
    {
        byte[] file = Encoded("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", data: 8);
        BinaryPrimitives.WriteInt64LittleEndian(file, length);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<InvalidDataException>(() => Safetensors.Read(new MemoryStream(file)));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 40_000_000);
    }

    [Fact]
    public void Read_NestedAThousandDeep_IsRejected() =>
        Assert.Throws<InvalidDataException>(() =>
            Safetensors.Read(new MemoryStream(Encoded($"{{\"a\":{new string('[', 1000)}{new string(']', 1000)}}}", data: 0)))
        );

    [Fact]
    public void Read_TrailingBytes_AreRejected() =>
        Assert.Throws<InvalidDataException>(() =>
            Safetensors.Read(new MemoryStream(Encoded("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", data: 9)))
        );

    [Fact]
    public void Read_StreamWithOneBytePerRead_GivesTheSameTensors()
    {
        byte[] file = Write(Random(3, 4));

        Assert.Equal(file, Write(Safetensors.Read(new OneByteStream(file))));
    }

    private static byte[] Write(NamedTensors tensors)
    {
        using MemoryStream stream = new();
        Safetensors.Write(tensors, stream);
        return stream.ToArray();
    }

    private static byte[] Encoded(string header, int data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + text.Length + data];
        BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
        text.CopyTo(file, 8);
        return file;
    }

    private static NamedTensors Random(long seed, int count)
    {
        RandomStream random = new(seed, "tensors");
        return new NamedTensors([
            .. Enumerable
                .Range(0, count)
                .Select(i =>
                {
                    (ScalarType type, int width) = Types[random.NextInt(Types.Length)];
                    long[] shape = [.. Enumerable.Range(0, random.NextInt(4)).Select(_ => (long)random.NextInt(4))];
                    byte[] bytes = new byte[width * shape.Aggregate(1L, (product, size) => product * size)];
                    foreach (ref byte value in bytes.AsSpan())
                    {
                        value = (byte)random.NextInt(256);
                    }

                    return new NamedTensor($"layer.{i}\t\"é\"", type, shape, bytes);
                }),
        ]);
    }

    private sealed class OneByteStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 1));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 1)]);
    }
}
