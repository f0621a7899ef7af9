using Google.Protobuf;

namespace Microsoft.ML.FeatureMining.Networks.Onnx;

/// <summary>A message in Protobuf's wire format. Fields are added in order; bytes are referenced, not copied.</summary>
internal sealed class ProtoMessage
{
    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    private long _length;

    public ProtoMessage Add(int field, long value) =>
        Add(field, WireFormat.WireType.Varint, CodedOutputStream.ComputeInt64Size(value), output => output.WriteInt64(value));

    public ProtoMessage Add(int field, float value) =>
        Add(field, WireFormat.WireType.Fixed32, CodedOutputStream.ComputeFloatSize(value), output => output.WriteFloat(value));

    public ProtoMessage Add(int field, string value) =>
        Add(field, WireFormat.WireType.LengthDelimited, CodedOutputStream.ComputeStringSize(value), output => output.WriteString(value));

    public ProtoMessage Add(int field, ReadOnlyMemory<byte> bytes) => AddLength(field, bytes.Length).Append(bytes);

    /// <exception cref="OverflowException">The message has 2 GiB or more.</exception>
    public ProtoMessage Add(int field, ProtoMessage message) =>
        message._parts.Aggregate(AddLength(field, message._length), (outer, part) => outer.Append(part));

    public ProtoMessage Add(int field, IEnumerable<ProtoMessage> messages) => messages.Aggregate(this, (outer, message) => outer.Add(field, message));

    public void WriteTo(Stream stream) => _parts.ForEach(part => stream.Write(part.Span));

    private ProtoMessage AddLength(int field, long length)
    {
        int bytes = checked((int)length);
        return Add(field, WireFormat.WireType.LengthDelimited, CodedOutputStream.ComputeLengthSize(bytes), output => output.WriteLength(bytes));
    }

    private ProtoMessage Add(int field, WireFormat.WireType type, int valueSize, Action<CodedOutputStream> writeValue)
    {
        byte[] part = new byte[CodedOutputStream.ComputeTagSize(field) + valueSize];
        using CodedOutputStream output = new(part);
        output.WriteTag(field, type);
        writeValue(output);
        return Append(part);
    }

    private ProtoMessage Append(ReadOnlyMemory<byte> part)
    {
        _parts.Add(part);
        _length += part.Length;
        return this;
    }
}
