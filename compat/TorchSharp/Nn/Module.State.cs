using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>Parameters and persistent buffers by their full names: a module's own first, then its children's.</summary>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                string Full(string name) => string.IsNullOrEmpty(prefix) ? name : $"{prefix}.{name}";
                foreach ((string name, Parameter parameter) in named_parameters(recurse: false)) destination.TryAdd(Full(name), parameter);
                foreach ((string name, Tensor buffer) in named_buffers(recurse: false, include_nonpersistent: false)) destination.TryAdd(Full(name), buffer);
                foreach ((string name, Module child) in _modules) child.state_dict(destination, Full(name));
                return destination;
            }

            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                skip ??= [];
                Dictionary<string, Tensor> own = state_dict();
                var missing = own.Keys.Where(key => !source.ContainsKey(key) && !skip.Contains(key)).ToList();
                var unexpected = source.Keys.Where(key => !own.ContainsKey(key) && !skip.Contains(key)).ToList();
                if (strict && missing.Count + unexpected.Count > 0)
                    throw new InvalidOperationException("The loaded state_dict is not identical to the target dictionary.");
                using IDisposable still = no_grad();
                foreach ((string key, Tensor value) in source)
                {
                    if (own.TryGetValue(key, out Tensor? target) && !skip.Contains(key)) target.copy_(value).Dispose();
                }
                return (missing, unexpected);
            }

            protected internal virtual Module _to(Device device, ScalarType dtype, bool non_blocking) => Move(device, dtype, non_blocking);

            protected internal virtual Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) =>
                Move(new Device(deviceType, deviceIndex), null, non_blocking);

            protected internal virtual Module _to(ScalarType dtype, bool non_blocking) => Move(null, dtype, non_blocking);

            private Module Move(Device? device, ScalarType? dtype, bool nonBlocking)
            {
                if (dtype is { } type && !is_floating_point(type))
                    throw new ArgumentException($"nn.Module.to only accepts floating point or complex types, but got desired dtype={type}");
                if (device is not null) InitializeDevice(device);
                foreach ((_, Module child) in named_children()) child.Move(device, dtype, nonBlocking);
                foreach ((string name, Parameter parameter) in _parameters.ToList()) MoveParameter(name, parameter, device, dtype, nonBlocking);
                foreach ((string name, (Tensor buffer, bool persistent)) in _buffers.ToList())
                {
                    ScalarType to = buffer.is_floating_point() ? dtype ?? buffer.dtype : buffer.dtype;
                    if (!buffer.WillChange(to, device ?? buffer.device)) continue;
                    Tensor moved = buffer.to(to, device ?? buffer.device, non_blocking: nonBlocking).DetachFromDisposeScope();
                    _buffers[name] = (moved, persistent);
                    SetFields(buffer, moved);
                    buffer.Dispose();
                }
                return this;
            }

            private void MoveParameter(string name, Parameter parameter, Device? device, ScalarType? dtype, bool nonBlocking)
            {
                ScalarType type = parameter.is_floating_point() ? dtype ?? parameter.dtype : parameter.dtype;
                Device place = device ?? parameter.device;
                if (!parameter.WillChange(type, place)) return;
                using IDisposable still = no_grad();
                Parameter moved = new(parameter.to(type, place, non_blocking: nonBlocking), parameter.requires_grad);
                moved.DetachFromDisposeScope();
                using Tensor? gradient = parameter.grad;
                using Tensor? movedGradient = gradient?.to(type, place, non_blocking: nonBlocking);
                if (movedGradient is not null) moved.grad = movedGradient;
                _parameters[name] = moved;
                SetFields(parameter, moved);
                parameter.Dispose();
            }

            /// <summary>The fields that held the old tensor get the new one.</summary>
            private void SetFields(Tensor old, Tensor value)
            {
                foreach (FieldInfo field in Fields())
                {
                    if (typeof(Tensor).IsAssignableFrom(field.FieldType) && ReferenceEquals(field.GetValue(this), old)) field.SetValue(this, value);
                }
            }
        }
    }
}
